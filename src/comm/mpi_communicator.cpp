// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/mpi_communicator.h"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <future>

#include "intr/comm/deadline_guard.h"
#include "intr/comm/mpi_environment.h"
#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/trace.h"
#include "ordered_reduction.h"

namespace intr {
namespace {

constexpr int kGatherTag = 1;

MPI_Datatype mpi_type(ElementType dtype) {
  switch (dtype) {
    case ElementType::f32:
      return MPI_FLOAT;
    case ElementType::f64:
      return MPI_DOUBLE;
    case ElementType::i64:
      return MPI_INT64_T;
    case ElementType::u8:
      return MPI_UINT8_T;
  }
  throw InternalError("an element type that is not in the list");
}

MPI_Op mpi_op(Op op) {
  switch (op) {
    case Op::sum:
      return MPI_SUM;
    case Op::min:
      return MPI_MIN;
    case Op::max:
      return MPI_MAX;
  }
  throw InternalError("a reduction that is not in the list");
}

std::string library_text(int code) {
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(code, text, &length);
  return std::string(text, static_cast<std::size_t>(length));
}

class MpiWork final : public Work {
 public:
  explicit MpiWork(std::future<void> result) : result_(std::move(result)) {}
  MpiWork(const MpiWork&) = delete;
  MpiWork& operator=(const MpiWork&) = delete;
  ~MpiWork() override {
    // The MPI thread still uses the buffer. While an exception unwinds, other ranks may never come.
    if (!result_.valid() || std::uncaught_exceptions() > 0) return;
    log::error("a collective was given up before it ended: this is a fault of the program");
    result_.wait();
  }
  void wait() override {
    if (result_.valid()) result_.get();
  }
  void make_wait(StreamHandle) override { wait(); }

 private:
  std::future<void> result_;
};

/// A call with its place in the trace: as long as it waited for the MPI thread, and as it ran.
template <class Call>
auto traced(const Tag& tag, std::size_t bytes, Call call) {
  return [=, asked = trace::on() ? trace::now() : 0] {
    const trace::Arg step{tag.step >= 0 ? "step" : nullptr, tag.step};
    const trace::Arg bucket{tag.bucket >= 0 ? "bucket" : nullptr, tag.bucket};
    const trace::Arg size{"bytes", checked_cast<std::int64_t>(bytes)};
    if (asked > 0 && tag.bucket >= 0)
      trace::waiting("queued", asked, trace::now(), {step, bucket, size});
    const trace::Scope running(tag.section, step, bucket, size);
    call();
  };
}

}  // namespace

/// Touched by the MPI thread alone.
struct MpiCommunicator::State {
  MPI_Comm data = MPI_COMM_NULL;
  MPI_Comm control = MPI_COMM_NULL;
  int rank = 0;
  int world_size = 1;
  std::string broken;  ///< text of the first error
  std::vector<std::byte> scratch;

  void check(int code, const char* call, const Tag& tag) {
    if (code == MPI_SUCCESS) return;
    broken = fmt::format("{} failed: {}", call, library_text(code));
    fail(tag);
  }
  void check_usable(const Tag& tag) const {
    if (!broken.empty()) fail(tag);
  }
  [[noreturn]] void fail(const Tag& tag) const {
    throw PeerError(broken, describe(tag),
                    "look for the first error of any rank; started again, the run resumes");
  }

  /// Calls `piece(pointer, count)` for pieces of a buffer, in order.
  template <class Piece>
  static void for_pieces(void* data, std::size_t count, std::size_t bytes, const Piece& piece) {
    const std::size_t most = static_cast<std::size_t>(kPieceBytes) / bytes;
    for (std::size_t first = 0; first < count; first += most) {
      piece(static_cast<std::byte*>(data) + first * bytes,
            checked_cast<int>(std::min(most, count - first)));
    }
  }

  void allreduce(MPI_Comm comm, Buffer buffer, Op op, const Tag& tag) {
    check_usable(tag);
    for_pieces(buffer.data, buffer.count, element_bytes(buffer.dtype), [&](void* at, int count) {
      check(MPI_Allreduce(MPI_IN_PLACE, at, count, mpi_type(buffer.dtype), mpi_op(op), comm),
            "MPI_Allreduce", tag);
    });
  }

  void ordered_allreduce(Buffer buffer, Op op, const Tag& tag) {
    check_usable(tag);
    const MPI_Datatype type = mpi_type(buffer.dtype);
    for_pieces(buffer.data, buffer.count, element_bytes(buffer.dtype), [&](void* at, int count) {
      intr::ordered_allreduce(data, {at, checked_cast<std::size_t>(count), buffer.dtype}, type, op,
                              scratch, [&](int code, const char* call) { check(code, call, tag); });
    });
  }

  void broadcast(MPI_Comm comm, Buffer buffer, int root, const Tag& tag) {
    check_usable(tag);
    for_pieces(buffer.data, buffer.count, element_bytes(buffer.dtype), [&](void* at, int count) {
      check(MPI_Bcast(at, count, mpi_type(buffer.dtype), root, comm), "MPI_Bcast", tag);
    });
  }

  std::vector<std::vector<std::byte>> gather(std::span<const std::byte> mine, int root,
                                             const Tag& tag) {
    check_usable(tag);
    const bool is_root = rank == root;
    const std::int64_t size = checked_cast<std::int64_t>(mine.size());
    std::vector<std::int64_t> sizes(is_root ? checked_cast<std::size_t>(world_size) : 0);
    check(MPI_Gather(&size, 1, MPI_INT64_T, sizes.data(), 1, MPI_INT64_T, root, control),
          "MPI_Gather", tag);
    if (!is_root) {
      // MPI-3 takes a const pointer; for_pieces serves receiving, too.
      for_pieces(const_cast<std::byte*>(mine.data()), mine.size(), 1, [&](void* at, int count) {
        check(MPI_Send(at, count, MPI_BYTE, root, kGatherTag, control), "MPI_Send", tag);
      });
      return {};
    }
    std::vector<std::vector<std::byte>> all(sizes.size());
    for (std::size_t from = 0; from < all.size(); ++from) {
      if (checked_cast<int>(from) == root) {
        all[from].assign(mine.begin(), mine.end());
        continue;
      }
      all[from].resize(checked_cast<std::size_t>(sizes[from]));
      for_pieces(all[from].data(), all[from].size(), 1, [&](void* at, int count) {
        check(MPI_Recv(at, count, MPI_BYTE, checked_cast<int>(from), kGatherTag, control,
                       MPI_STATUS_IGNORE),
              "MPI_Recv", tag);
      });
    }
    return all;
  }
};

MpiCommunicator::MpiCommunicator(MpiEnvironment& environment, Reduction reduction)
    : environment_(environment), reduction_(reduction), state_(std::make_shared<State>()) {
  info_.rank = state_->rank = environment.rank();
  info_.world_size = state_->world_size = environment.world_size();
  info_.local_rank = environment.local_rank();
  info_.local_size = environment.local_size();
  info_.node = environment.node();
  info_.back_end = reduction == Reduction::kFixedOrder ? "fixed" : "mpi";
  const DeadlineGuard guard("MPI_Comm_dup", MpiEnvironment::kLimit);
  environment.run([state = state_] {
    const Tag tag{"start"};
    for (MPI_Comm* comm : {&state->data, &state->control}) {
      state->check(MPI_Comm_dup(MPI_COMM_WORLD, comm), "MPI_Comm_dup", tag);
      state->check(MPI_Comm_set_errhandler(*comm, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler",
                   tag);
    }
  });
}

MpiCommunicator::~MpiCommunicator() {
  if (std::uncaught_exceptions() > 0) return;
  const DeadlineGuard guard("MPI_Comm_free", MpiEnvironment::kLimit);
  environment_.run([state = state_] {
    if (!state->broken.empty()) return;  // freeing is collective; a lost peer would not answer
    MPI_Comm_free(&state->data);
    MPI_Comm_free(&state->control);
  });
}

std::unique_ptr<Work> MpiCommunicator::post(const Tag& tag, const Buffer& buffer,
                                            std::function<void()> call) {
  auto promise = std::make_shared<std::promise<void>>();
  auto work = std::make_unique<MpiWork>(promise->get_future());
  environment_.post([promise, call = traced(tag, num_bytes(buffer), std::move(call))] {
    try {
      call();
      promise->set_value();
    } catch (...) {
      promise->set_exception(std::current_exception());
    }
  });
  return work;
}

std::unique_ptr<Work> MpiCommunicator::allreduce(Buffer inout, Op op, StreamHandle, Tag tag) {
  return post(tag, inout, [=, state = state_, ordered = reduction_ == Reduction::kFixedOrder] {
    if (ordered)
      state->ordered_allreduce(inout, op, tag);
    else
      state->allreduce(state->data, inout, op, tag);
  });
}

std::unique_ptr<Work> MpiCommunicator::broadcast(Buffer inout, int root, StreamHandle, Tag tag) {
  return post(tag, inout, [=, state = state_] { state->broadcast(state->data, inout, root, tag); });
}

/// Waits for a call on the MPI thread.
template <class Call>
void MpiCommunicator::run(const Tag& tag, std::size_t bytes, const Call& call) {
  const auto whole = traced(tag, bytes, std::cref(call));
  environment_.run(std::cref(whole));
}

void MpiCommunicator::allreduce_now(std::span<std::int64_t> values, Op op, Tag tag) {
  run(tag, values.size_bytes(), [&] {
    state_->allreduce(state_->control, {values.data(), values.size(), ElementType::i64}, op, tag);
  });
}

void MpiCommunicator::allreduce_now(std::span<double> values, Op op, Tag tag) {
  run(tag, values.size_bytes(), [&] {
    state_->allreduce(state_->control, {values.data(), values.size(), ElementType::f64}, op, tag);
  });
}

void MpiCommunicator::broadcast_bytes(std::vector<std::byte>& bytes, int root, Tag tag) {
  run(tag, bytes.size(), [&] {
    std::int64_t size = checked_cast<std::int64_t>(bytes.size());
    state_->broadcast(state_->control, {&size, 1, ElementType::i64}, root, tag);
    bytes.resize(checked_cast<std::size_t>(size));
    state_->broadcast(state_->control, {bytes.data(), bytes.size(), ElementType::u8}, root, tag);
  });
}

std::vector<std::vector<std::byte>> MpiCommunicator::gather(std::span<const std::byte> mine,
                                                            int root, Tag tag) {
  std::vector<std::vector<std::byte>> all;
  run(tag, mine.size(), [&] { all = state_->gather(mine, root, tag); });
  return all;
}

void MpiCommunicator::barrier(Tag tag) {
  run(tag, 0, [&] {
    state_->check_usable(tag);
    state_->check(MPI_Barrier(state_->control), "MPI_Barrier", tag);
  });
}

}  // namespace intr
