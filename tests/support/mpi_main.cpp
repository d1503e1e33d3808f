// SPDX-License-Identifier: Apache-2.0
// main() of tests that run on several ranks: every rank reports failure if any rank failed or no
// test ran, messages come in rank order, and a watchdog shorter than CTest's limit ends a hang.
#include <gtest/gtest.h>
#include <mpi.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>

namespace {

int rank() {
  int value = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &value);
  return value;
}

/// Prints failures only, each with its rank.
class RankPrinter : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "[rank %d] %s:%d: %s\n", rank(),
                 result.file_name() ? result.file_name() : "?", result.line_number(),
                 result.message());
  }
  void OnTestStart(const testing::TestInfo& test) override {
    const std::lock_guard lock(mutex);
    current = std::string(test.test_suite_name()) + "." + test.name();
    started = std::chrono::steady_clock::now();
  }

 public:
  static inline std::mutex mutex;
  static inline std::string current = "start";
  static inline std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
};

/// Aborts the job when one test takes longer than the limit.
class Watchdog {
 public:
  explicit Watchdog(std::chrono::seconds limit) : thread_([this, limit] { watch(limit); }) {}
  ~Watchdog() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  void watch(std::chrono::seconds limit) {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, std::chrono::seconds(1), [this] { return done_; })) {
      const std::lock_guard test(RankPrinter::mutex);
      if (std::chrono::steady_clock::now() - RankPrinter::started > limit) break;
    }
    if (done_) return;
    std::fprintf(stderr, "[rank %d] still in %s after %lld s: aborting\n", rank(),
                 RankPrinter::current.c_str(), static_cast<long long>(limit.count()));
    MPI_Abort(MPI_COMM_WORLD, 76);
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  int provided = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  if (rank() != 0) delete listeners.Release(listeners.default_result_printer());
  listeners.Append(new RankPrinter);  // owned by the list
  int failed = 0;
  {
    const Watchdog watchdog(std::chrono::seconds(100));
    failed = RUN_ALL_TESTS();
    if (testing::UnitTest::GetInstance()->test_to_run_count() == 0) failed = 1;
    MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  }
  if (rank() == 0 && failed != 0) std::fprintf(stderr, "a test failed on some rank\n");
  MPI_Finalize();
  return failed;
}
