// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/nccl_communicator.h"

#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <nccl.h>

#include <chrono>
#include <cstring>
#include <exception>
#include <future>
#include <thread>
#include <type_traits>

#include "intr/core/error.h"
#include "intr/core/log.h"

namespace intr {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kStartLimit = 300s;
constexpr auto kAbortLimit = 5s;
constexpr auto kErrorCheckPause = 100ms;

struct StreamDeleter {
  void operator()(cudaStream_t stream) const noexcept { cudaStreamDestroy(stream); }
};
struct EventDeleter {
  void operator()(cudaEvent_t event) const noexcept { cudaEventDestroy(event); }
};
using Stream = std::unique_ptr<std::remove_pointer_t<cudaStream_t>, StreamDeleter>;
using Event = std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, EventDeleter>;

void check_cuda(cudaError_t code, const char* call) {
  if (code == cudaSuccess) return;
  throw EnvironmentError(fmt::format("{} failed: {}", call, cudaGetErrorString(code)), "GPU",
                         "see nvidia-smi and the system log of this node");
}

Event make_event() {
  cudaEvent_t event = nullptr;
  check_cuda(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreate");
  return Event(event);
}

ncclDataType_t nccl_type(ElementType dtype) {
  switch (dtype) {
    case ElementType::f32:
      return ncclFloat32;
    case ElementType::f64:
      return ncclFloat64;
    case ElementType::i64:
      return ncclInt64;
    case ElementType::u8:
      return ncclUint8;
  }
  throw InternalError("an element type that is not in the list");
}

ncclRedOp_t nccl_op(Op op) {
  switch (op) {
    case Op::sum:
      return ncclSum;
    case Op::min:
      return ncclMin;
    case Op::max:
      return ncclMax;
  }
  throw InternalError("a reduction that is not in the list");
}

int visible_gpus() noexcept {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

int device_for(int local_rank) {
  const int gpus = visible_gpus();
  if (gpus == 0) {
    throw EnvironmentError("no GPU is visible", "--comm nccl",
                           "use --comm auto, or start where nvidia-smi lists a GPU");
  }
  const int device = gpus == 1 ? 0 : local_rank;
  if (device < gpus) return device;
  throw EnvironmentError(
      fmt::format("rank {} of this node has no GPU: {} are visible", local_rank, gpus),
      "--comm nccl", "start one rank per GPU");
}

/// Owns NCCL's communicator: started without blocking, watched while it works, aborted on failure.
class NcclHandle {
 public:
  NcclHandle(const ncclUniqueId& id, int rank, int world_size) {
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    const ncclResult_t result = ncclCommInitRankConfig(&comm_, world_size, id, rank, &config);
    try {
      settle(result, "ncclCommInitRankConfig", {"start"});
    } catch (...) {
      abort();
      throw;
    }
  }
  NcclHandle(const NcclHandle&) = delete;
  NcclHandle& operator=(const NcclHandle&) = delete;
  ~NcclHandle() {
    if (comm_ == nullptr) return;
    if (std::uncaught_exceptions() > 0) {  // other ranks may be elsewhere
      abort();
      return;
    }
    try {
      settle(ncclCommFinalize(comm_), "ncclCommFinalize", {"end"});
      ncclCommDestroy(comm_);
    } catch (const Error& error) {
      log::warning("{}", error.what());
      abort();
    }
  }

  ncclComm_t get() const {
    if (comm_ == nullptr) throw PeerError("NCCL failed earlier", {}, "see the first error");
    return comm_;
  }

  /// Waits until a call that may still be in progress has been taken, and turns errors into ours.
  void settle(ncclResult_t result, const char* call, const Tag& tag) {
    const auto limit = Clock::now() + kStartLimit;
    while (result == ncclInProgress && comm_ != nullptr) {
      if (Clock::now() > limit) fail("no answer from the other ranks", call, tag);
      const ncclResult_t asked = ncclCommGetAsyncError(comm_, &result);
      if (asked != ncclSuccess) result = asked;
      if (result == ncclInProgress) std::this_thread::sleep_for(200us);
    }
    if (result != ncclSuccess) fail(ncclGetErrorString(result), call, tag, result);
  }

  /// Errors that came up while the GPU works, such as a peer that is gone.
  void check_async(const Tag& tag) {
    ncclResult_t state = ncclSuccess;
    const ncclResult_t asked = ncclCommGetAsyncError(get(), &state);
    if (asked != ncclSuccess) state = asked;
    if (state != ncclSuccess && state != ncclInProgress)
      fail(ncclGetErrorString(state), "collective", tag, state);
  }

 private:
  [[noreturn]] void fail(const std::string& reason, const char* call, const Tag& tag,
                         ncclResult_t result = ncclRemoteError) {
    const char* detail = ncclGetLastError(comm_);
    const std::string what =
        fmt::format("{} failed: {} ({})", call, reason, detail != nullptr ? detail : "");
    abort();
    constexpr const char* kNext = "set NCCL_DEBUG=INFO and look for the first error of any rank";
    if (result == ncclInvalidUsage || result == ncclInvalidArgument)
      throw EnvironmentError(what, describe(tag), kNext);
    throw PeerError(what, describe(tag), kNext);
  }

  /// Gives NCCL a limited time: its abort can hang, too.
  void abort() noexcept {
    ncclComm_t comm = std::exchange(comm_, nullptr);
    if (comm == nullptr) return;
    try {
      std::promise<void> promise;
      const std::future<void> ended = promise.get_future();
      std::thread([comm, done = std::move(promise)]() mutable {
        ncclCommAbort(comm);
        done.set_value();
      }).detach();
      ended.wait_for(kAbortLimit);
    } catch (...) {  // no thread left: the process ends anyway
    }
  }

  ncclComm_t comm_ = nullptr;
};

class NcclWork final : public Work {
 public:
  NcclWork(NcclHandle& handle, Event done, Tag tag)
      : handle_(handle), done_(std::move(done)), tag_(tag) {}
  NcclWork(const NcclWork&) = delete;
  NcclWork& operator=(const NcclWork&) = delete;
  ~NcclWork() override {
    if (!waited_ && std::uncaught_exceptions() == 0)
      log::error("a collective was given up before it ended: this is a fault of the program");
  }
  void wait() override {
    waited_ = true;
    auto next_check = Clock::now() + kErrorCheckPause;
    while (true) {
      const cudaError_t state = cudaEventQuery(done_.get());
      if (state == cudaSuccess) return;
      if (state != cudaErrorNotReady) check_cuda(state, "cudaEventQuery");
      if (Clock::now() >= next_check) {
        handle_.check_async(tag_);
        next_check = Clock::now() + kErrorCheckPause;
      }
      std::this_thread::sleep_for(20us);
    }
  }
  void make_wait(StreamHandle stream) override {
    waited_ = true;
    handle_.check_async(tag_);
    check_cuda(cudaStreamWaitEvent(static_cast<cudaStream_t>(stream), done_.get(), 0),
               "cudaStreamWaitEvent");
  }

 private:
  NcclHandle& handle_;
  Event done_;
  Tag tag_;
  bool waited_ = false;
};

class NcclCommunicator final : public Communicator {
 public:
  explicit NcclCommunicator(std::unique_ptr<Communicator> control) : control_(std::move(control)) {
    info_ = control_->info();
    info_.back_end = "nccl";
    device_ = device_for(info_.local_rank);
    check_cuda(cudaSetDevice(device_), "cudaSetDevice");
    int least = 0;
    int greatest = 0;
    check_cuda(cudaDeviceGetStreamPriorityRange(&least, &greatest), "cudaDeviceGetStreamPriority");
    cudaStream_t stream = nullptr;
    check_cuda(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, greatest),
               "cudaStreamCreate");
    stream_.reset(stream);
    handle_ = std::make_unique<NcclHandle>(shared_id(), info_.rank, info_.world_size);
  }

  const WorldInfo& info() const noexcept override { return info_; }

  std::unique_ptr<Work> allreduce(Buffer inout, Op op, StreamHandle after, Tag tag) override {
    return launch(after, tag, "ncclAllReduce", [&](ncclComm_t comm) {
      return ncclAllReduce(inout.data, inout.data, inout.count, nccl_type(inout.dtype), nccl_op(op),
                           comm, stream_.get());
    });
  }

  std::unique_ptr<Work> broadcast(Buffer inout, int root, StreamHandle after, Tag tag) override {
    return launch(after, tag, "ncclBroadcast", [&](ncclComm_t comm) {
      return ncclBroadcast(inout.data, inout.data, inout.count, nccl_type(inout.dtype), root, comm,
                           stream_.get());
    });
  }

  void allreduce_now(std::span<std::int64_t> values, Op op, Tag tag) override {
    control_->allreduce_now(values, op, tag);
  }
  void allreduce_now(std::span<double> values, Op op, Tag tag) override {
    control_->allreduce_now(values, op, tag);
  }
  void broadcast_bytes(std::vector<std::byte>& bytes, int root, Tag tag) override {
    control_->broadcast_bytes(bytes, root, tag);
  }
  std::vector<std::vector<std::byte>> gather(std::span<const std::byte> mine, int root,
                                             Tag tag) override {
    return control_->gather(mine, root, tag);
  }
  void barrier(Tag tag) override { control_->barrier(tag); }

 private:
  ncclUniqueId shared_id() {
    ncclUniqueId id = {};
    std::vector<std::byte> bytes(sizeof id);
    ncclResult_t result = ncclSuccess;
    if (info_.rank == 0) {
      result = ncclGetUniqueId(&id);
      std::memcpy(bytes.data(), &id, sizeof id);
      if (result != ncclSuccess) bytes.clear();  // tells the others, which wait for it
    }
    control_->broadcast_bytes(bytes, 0, {"start"});
    if (bytes.empty()) {
      throw EnvironmentError(fmt::format("ncclGetUniqueId failed on rank 0: {}",
                                         info_.rank == 0 ? ncclGetLastError(nullptr) : "see there"),
                             "--comm nccl", "set NCCL_DEBUG=INFO and run again");
    }
    std::memcpy(&id, bytes.data(), sizeof id);
    return id;
  }

  /// Starts a collective behind the caller's stream and marks its end.
  template <class Call>
  std::unique_ptr<Work> launch(StreamHandle after, const Tag& tag, const char* name,
                               const Call& call) {
    check_cuda(cudaSetDevice(device_), "cudaSetDevice");
    const Event ready = make_event();
    check_cuda(cudaEventRecord(ready.get(), static_cast<cudaStream_t>(after)), "cudaEventRecord");
    check_cuda(cudaStreamWaitEvent(stream_.get(), ready.get(), 0), "cudaStreamWaitEvent");
    handle_->settle(call(handle_->get()), name, tag);
    Event done = make_event();
    check_cuda(cudaEventRecord(done.get(), stream_.get()), "cudaEventRecord");
    return std::make_unique<NcclWork>(*handle_, std::move(done), tag);
  }

  std::unique_ptr<Communicator> control_;
  WorldInfo info_;
  int device_ = 0;
  Stream stream_;
  std::unique_ptr<NcclHandle> handle_;
};

}  // namespace

bool nccl_available() noexcept { return visible_gpus() > 0; }

std::string nccl_version() {
  int version = 0;
  if (ncclGetVersion(&version) != ncclSuccess) return {};
  return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

std::unique_ptr<Communicator> make_nccl_communicator(std::unique_ptr<Communicator> control) {
  return std::make_unique<NcclCommunicator>(std::move(control));
}

}  // namespace intr
