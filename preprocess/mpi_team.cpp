// SPDX-License-Identifier: Apache-2.0
#include "preprocess/mpi_team.h"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <exception>

#include "intr/core/error.h"

namespace intr {
namespace {

/// The one place that sees return codes of MPI.
void check(int code, const char* action) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw PeerError(fmt::format("ranks cannot {}: {}", action, text), {},
                  "see the messages of other ranks, and run the same command again");
}

/// Calls `send` for the pieces of a byte string.
template <class Send>
void in_pieces(std::string& bytes, std::size_t piece_bytes, const Send& send) {
  for (std::size_t begin = 0; begin < bytes.size(); begin += piece_bytes)
    send(bytes.data() + begin, static_cast<int>(std::min(piece_bytes, bytes.size() - begin)));
}

class WindowCounter : public WorkCounter {
 public:
  explicit WindowCounter(MpiEnvironment& mpi) : mpi_(&mpi), unwinding_(std::uncaught_exceptions()) {
    mpi_->run([this] {
      const MPI_Aint bytes = mpi_->rank() == 0 ? sizeof(std::int64_t) : 0;
      check(MPI_Win_allocate(bytes, sizeof(std::int64_t), MPI_INFO_NULL, MPI_COMM_WORLD, &memory_,
                             &window_),
            "share a counter");
      MPI_Win_set_errhandler(window_, MPI_ERRORS_RETURN);
      check(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_), "share a counter");
      if (mpi_->rank() == 0) {
        *memory_ = 0;
        MPI_Win_sync(window_);
      }
      check(MPI_Barrier(MPI_COMM_WORLD), "share a counter");
    });
  }
  WindowCounter(const WindowCounter&) = delete;
  WindowCounter& operator=(const WindowCounter&) = delete;
  ~WindowCounter() override {
    // Freeing is collective: a rank that failed must not wait here for the others.
    if (std::uncaught_exceptions() > unwinding_) return;
    mpi_->run([this] {
      MPI_Win_unlock_all(window_);
      MPI_Win_free(&window_);
    });
  }

  std::int64_t add(std::int64_t count) override {
    std::int64_t before = 0;
    mpi_->run([&] {
      check(MPI_Fetch_and_op(&count, &before, MPI_INT64_T, 0, 0, MPI_SUM, window_), "count");
      check(MPI_Win_flush(0, window_), "count");
    });
    return before;
  }

 private:
  MpiEnvironment* mpi_;
  int unwinding_;
  std::int64_t* memory_ = nullptr;
  MPI_Win window_ = MPI_WIN_NULL;
};

}  // namespace

MpiTeam::MpiTeam(MpiEnvironment& mpi, std::size_t piece_bytes)
    : mpi_(&mpi), piece_bytes_(piece_bytes) {
  mpi_->run([] { MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN); });
}

std::string MpiTeam::broadcast(std::string bytes) {
  mpi_->run([&] {
    std::uint64_t size = bytes.size();
    check(MPI_Bcast(&size, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD), "broadcast");
    bytes.resize(size);
    in_pieces(bytes, piece_bytes_, [](char* data, int count) {
      check(MPI_Bcast(data, count, MPI_CHAR, 0, MPI_COMM_WORLD), "broadcast");
    });
  });
  return bytes;
}

std::vector<std::string> MpiTeam::gather(std::string bytes) {
  std::vector<std::string> all;
  mpi_->run([&] {
    const std::uint64_t size = bytes.size();
    std::vector<std::uint64_t> sizes(static_cast<std::size_t>(mpi_->world_size()));
    check(MPI_Gather(&size, 1, MPI_UINT64_T, sizes.data(), 1, MPI_UINT64_T, 0, MPI_COMM_WORLD),
          "gather");
    if (mpi_->rank() != 0) {
      in_pieces(bytes, piece_bytes_, [](const char* data, int count) {
        check(MPI_Send(data, count, MPI_CHAR, 0, 0, MPI_COMM_WORLD), "gather");
      });
      return;
    }
    all.push_back(std::move(bytes));
    for (int sender = 1; sender < mpi_->world_size(); ++sender) {
      all.emplace_back(sizes[static_cast<std::size_t>(sender)], '\0');
      in_pieces(all.back(), piece_bytes_, [sender](char* data, int count) {
        check(MPI_Recv(data, count, MPI_CHAR, sender, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
              "gather");
      });
    }
  });
  return all;
}

std::unique_ptr<WorkCounter> MpiTeam::open_counter() {
  return std::make_unique<WindowCounter>(*mpi_);
}

}  // namespace intr
