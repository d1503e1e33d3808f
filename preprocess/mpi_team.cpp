// SPDX-License-Identifier: Apache-2.0
#include "preprocess/mpi_team.h"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/thread_name.h"

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

constexpr int kRequestTag = 1;
constexpr int kAnswerTag = 2;
constexpr std::chrono::milliseconds kPause(1);

/// What a rank asks rank 0 for.
struct Request {
  std::int64_t counter = 0;
  std::int64_t count = 0;
};

}  // namespace

/// Rank 0 keeps the sums. While a counter is open a thread of it answers the others, so that none
/// waits for what rank 0 itself is doing. Plain messages: windows (MPI_Fetch_and_op) do not reach
/// over nodes where Open MPI has nothing but TCP and is set up as Debian does.
class MpiTeam::Counters {
 public:
  explicit Counters(MpiEnvironment& mpi) : mpi_(&mpi) {
    if (mpi.rank() == 0 && mpi.world_size() > 1)
      thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }

  /// @return its number, the same on all ranks
  std::int64_t open() {
    const std::lock_guard lock(mutex_);
    ++num_open_;
    changed_.notify_all();
    return next_number_++;
  }

  std::int64_t add(std::int64_t counter, std::int64_t count) {
    if (mpi_->rank() == 0) return add_here(counter, count);
    std::int64_t before = 0;
    mpi_->run([&] {
      const Request request{counter, count};
      check(MPI_Send(&request, sizeof request, MPI_BYTE, 0, kRequestTag, MPI_COMM_WORLD), "count");
      check(MPI_Recv(&before, 1, MPI_INT64_T, 0, kAnswerTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
            "count");
    });
    return before;
  }

  /// Returns when all ranks have come here: rank 0 answers until then.
  void close() {
    mpi_->run([this] {
      MPI_Request all_here = MPI_REQUEST_NULL;
      check(MPI_Ibarrier(MPI_COMM_WORLD, &all_here), "close a counter");
      wait(all_here, "close a counter");
    });
    forget();
  }

  /// On the thread that makes MPI calls, and answers meanwhile.
  void wait(MPI_Request request, const char* action) {
    while (true) {
      int ended = 0;
      check(MPI_Test(&request, &ended, MPI_STATUS_IGNORE), action);
      if (ended != 0) return;
      if (mpi_->rank() == 0) answer();
      std::this_thread::sleep_for(kPause);
    }
  }

  /// One that is open is no longer served.
  void forget() {
    const std::lock_guard lock(mutex_);
    --num_open_;
  }

 private:
  std::int64_t add_here(std::int64_t counter, std::int64_t count) {
    const std::lock_guard lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
    std::int64_t& sum = sums_[counter];
    return std::exchange(sum, sum + count);
  }

  /// All requests that are there. On the thread that makes MPI calls.
  void answer() {
    while (true) {
      int is_there = 0;
      MPI_Status from;
      check(MPI_Iprobe(MPI_ANY_SOURCE, kRequestTag, MPI_COMM_WORLD, &is_there, &from), "count");
      if (is_there == 0) return;
      Request request;
      check(MPI_Recv(&request, sizeof request, MPI_BYTE, from.MPI_SOURCE, kRequestTag,
                     MPI_COMM_WORLD, MPI_STATUS_IGNORE),
            "count");
      const std::int64_t before = add_here(request.counter, request.count);
      check(MPI_Send(&before, 1, MPI_INT64_T, from.MPI_SOURCE, kAnswerTag, MPI_COMM_WORLD),
            "count");
    }
  }

  void serve(const std::stop_token& stop) {
    name_this_thread("counters");
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return num_open_ > 0; }) && !failure_) {
      lock.unlock();
      std::exception_ptr failure;
      try {
        mpi_->run([this] { answer(); });
      } catch (...) {  // whoever counts next on this rank gets it
        failure = std::current_exception();
      }
      std::this_thread::sleep_for(kPause);
      lock.lock();
      failure_ = failure;
    }
  }

  MpiEnvironment* mpi_;
  std::mutex mutex_;  ///< of all below
  std::condition_variable_any changed_;
  std::map<std::int64_t, std::int64_t> sums_;  ///< on rank 0; others may count before it opens one
  std::int64_t next_number_ = 0;
  std::int64_t num_open_ = 0;
  std::exception_ptr failure_;
  std::jthread thread_;  // last: it uses the others
};

class MpiTeam::Counter : public WorkCounter {
 public:
  explicit Counter(Counters& all)
      : all_(&all), number_(all.open()), unwinding_(std::uncaught_exceptions()) {}
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;
  ~Counter() override {
    // Closing is collective: a rank that failed must not wait here for the others.
    if (std::uncaught_exceptions() > unwinding_) {
      all_->forget();
      return;
    }
    try {
      all_->close();
    } catch (const PeerError& error) {  // the next call of this rank meets it as well
      log::warning("{}", error.what());
    }
  }
  std::int64_t add(std::int64_t count) override { return all_->add(number_, count); }

 private:
  Counters* all_;
  std::int64_t number_;
  int unwinding_;
};

MpiTeam::MpiTeam(MpiEnvironment& mpi, std::size_t piece_bytes)
    : mpi_(&mpi), piece_bytes_(piece_bytes) {
  mpi_->run([] { MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN); });
  counters_ = std::make_unique<Counters>(mpi);
}

MpiTeam::~MpiTeam() = default;

std::string MpiTeam::broadcast(std::string bytes) {
  const auto send = [this](void* data, int count, MPI_Datatype type) {
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Ibcast(data, count, type, 0, MPI_COMM_WORLD, &request), "broadcast");
    counters_->wait(request, "broadcast");
  };
  mpi_->run([&] {
    std::uint64_t size = bytes.size();
    send(&size, 1, MPI_UINT64_T);
    bytes.resize(size);
    in_pieces(bytes, piece_bytes_, [&](char* data, int count) { send(data, count, MPI_CHAR); });
  });
  return bytes;
}

std::vector<std::string> MpiTeam::gather(std::string bytes) {
  std::vector<std::string> all;
  mpi_->run([&] {
    const std::uint64_t size = bytes.size();
    std::vector<std::uint64_t> sizes(static_cast<std::size_t>(mpi_->world_size()));
    MPI_Request request = MPI_REQUEST_NULL;
    check(MPI_Igather(&size, 1, MPI_UINT64_T, sizes.data(), 1, MPI_UINT64_T, 0, MPI_COMM_WORLD,
                      &request),
          "gather");
    counters_->wait(request, "gather");
    if (mpi_->rank() != 0) {
      in_pieces(bytes, piece_bytes_, [](const char* data, int count) {
        check(MPI_Send(data, count, MPI_CHAR, 0, 0, MPI_COMM_WORLD), "gather");
      });
      return;
    }
    all.push_back(std::move(bytes));
    for (int sender = 1; sender < mpi_->world_size(); ++sender) {
      all.emplace_back(sizes[static_cast<std::size_t>(sender)], '\0');
      in_pieces(all.back(), piece_bytes_, [&](char* data, int count) {
        check(MPI_Irecv(data, count, MPI_CHAR, sender, 0, MPI_COMM_WORLD, &request), "gather");
        counters_->wait(request, "gather");
      });
    }
  });
  return all;
}

std::unique_ptr<WorkCounter> MpiTeam::open_counter() {
  return std::make_unique<Counter>(*counters_);
}

}  // namespace intr
