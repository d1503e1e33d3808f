// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/nccl_communicator.h"

#include <fmt/format.h>
#include <nccl.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <exception>
#include <future>
#include <mutex>
#include <thread>

#include "data_plane_communicator.h"
#include "gpu_handles.h"
#include "intr/core/error.h"
#include "intr/core/log.h"

namespace intr {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kStartLimit = 300s;
constexpr auto kAbortLimit = 5s;
constexpr auto kErrorCheckPause = 100ms;

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
      "--comm nccl", "start one rank per GPU, or use --comm host");
}

/// Owns NCCL's communicator: started without blocking, watched while it works, aborted on failure.
/// After the first error every call fails with the same text. Thread-safe.
class NcclHandle {
 public:
  NcclHandle(const ncclUniqueId& id, int rank, int world_size) {
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    run("ncclCommInitRankConfig", {"start"},
        [&](ncclComm_t) { return ncclCommInitRankConfig(&comm_, world_size, id, rank, &config); });
  }
  NcclHandle(const NcclHandle&) = delete;
  NcclHandle& operator=(const NcclHandle&) = delete;
  ~NcclHandle() {
    if (failed_) return;
    if (std::uncaught_exceptions() > 0) {  // other ranks may be elsewhere
      abort();
      return;
    }
    try {
      run("ncclCommFinalize", {"end"}, ncclCommFinalize);
      ncclCommDestroy(comm_);
    } catch (const Error& error) {
      log::warning("{}", error.what());
    }
  }

  /// Makes a call of NCCL and waits until it was taken.
  template <class Call>
  void run(const char* name, const Tag& tag, const Call& call) {
    const std::lock_guard lock(mutex_);
    require_usable(tag);
    ncclResult_t result = call(comm_);
    const auto limit = Clock::now() + kStartLimit;
    while (result == ncclInProgress) {
      if (Clock::now() > limit) fail("no answer from the other ranks", name, tag);
      const ncclResult_t asked = ncclCommGetAsyncError(comm_, &result);
      if (asked != ncclSuccess) result = asked;
      if (result == ncclInProgress) std::this_thread::sleep_for(200us);
    }
    if (result != ncclSuccess) fail(ncclGetErrorString(result), name, tag, result);
  }

  /// Errors that came up while the GPU works, such as a peer that is gone. Waits for no other
  /// thread: that one may hang in a call.
  void check(const Tag& tag) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    require_usable(tag);
    if (!lock.owns_lock()) return;
    ncclResult_t state = ncclSuccess;
    const ncclResult_t asked = ncclCommGetAsyncError(comm_, &state);
    if (asked != ncclSuccess) state = asked;
    if (state != ncclSuccess && state != ncclInProgress)
      fail(ncclGetErrorString(state), "collective", tag, state);
  }

  void require_usable(const Tag& tag) const {
    if (failed_) throw PeerError(failure_, describe(tag), kNext);
  }

 private:
  static constexpr const char* kNext =
      "set NCCL_DEBUG=INFO and look for the first error of any rank";

  [[noreturn]] void fail(const std::string& reason, const char* call, const Tag& tag,
                         ncclResult_t result = ncclRemoteError) {
    const char* detail = ncclGetLastError(comm_);
    failure_ = fmt::format("{} failed: {} ({})", call, reason, detail != nullptr ? detail : "");
    failed_ = true;  // before the abort, which ends collectives as if they had succeeded
    abort();
    if (result == ncclInvalidUsage || result == ncclInvalidArgument)
      throw EnvironmentError(failure_, describe(tag), kNext);
    throw PeerError(failure_, describe(tag), kNext);
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

  std::mutex mutex_;  ///< of comm_: the watchdog's thread asks while others call
  ncclComm_t comm_ = nullptr;
  std::string failure_;  ///< written once, before failed_
  std::atomic<bool> failed_ = false;
};

class NcclWork final : public Work {
 public:
  NcclWork(NcclHandle& handle, CudaEvent done, Tag tag)
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
      if (state == cudaSuccess) return handle_.require_usable(tag_);
      if (state != cudaErrorNotReady) check_cuda(state, "cudaEventQuery");
      if (Clock::now() >= next_check) {
        handle_.check(tag_);
        next_check = Clock::now() + kErrorCheckPause;
      }
      std::this_thread::sleep_for(20us);
    }
  }
  void make_wait(StreamHandle stream) override {
    waited_ = true;
    handle_.check(tag_);
    make_stream_wait(static_cast<cudaStream_t>(stream), done_);
  }

 private:
  NcclHandle& handle_;
  CudaEvent done_;
  Tag tag_;
  bool waited_ = false;
};

class NcclCommunicator final : public DataPlaneCommunicator {
 public:
  explicit NcclCommunicator(std::unique_ptr<Communicator> control)
      : DataPlaneCommunicator(std::move(control), "nccl"), device_(device_for(info().local_rank)) {
    use_gpu(device_);
    stream_ = make_stream();
    handle_ = std::make_unique<NcclHandle>(shared_id(), rank(), world_size());
  }

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

  void check_peers() override { handle_->check({"peers"}); }

 private:
  ncclUniqueId shared_id() {
    ncclUniqueId id = {};
    std::vector<std::byte> bytes(sizeof id);
    ncclResult_t result = ncclSuccess;
    if (rank() == 0) {
      result = ncclGetUniqueId(&id);
      std::memcpy(bytes.data(), &id, sizeof id);
      if (result != ncclSuccess) bytes.clear();  // tells the others, which wait for it
    }
    control().broadcast_bytes(bytes, 0, {"start"});
    if (bytes.empty()) {
      throw EnvironmentError(fmt::format("ncclGetUniqueId failed on rank 0: {}",
                                         rank() == 0 ? ncclGetLastError(nullptr) : "see there"),
                             "--comm nccl", "set NCCL_DEBUG=INFO and run again");
    }
    std::memcpy(&id, bytes.data(), sizeof id);
    return id;
  }

  /// Starts a collective behind the caller's stream and marks its end.
  template <class Call>
  std::unique_ptr<Work> launch(StreamHandle after, const Tag& tag, const char* name,
                               const Call& call) {
    use_gpu(device_);
    make_stream_wait(stream_.get(), record_event(static_cast<cudaStream_t>(after)));
    handle_->run(name, tag, call);
    return std::make_unique<NcclWork>(*handle_, record_event(stream_.get()), tag);
  }

  int device_;
  CudaStream stream_;
  std::unique_ptr<NcclHandle> handle_;
};

}  // namespace

std::string nccl_version() {
  int version = 0;
  if (ncclGetVersion(&version) != ncclSuccess) return {};
  return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

std::unique_ptr<Communicator> make_nccl_communicator(std::unique_ptr<Communicator> control) {
  return std::make_unique<NcclCommunicator>(std::move(control));
}

}  // namespace intr
