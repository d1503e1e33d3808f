// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_trace.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <optional>
#include <set>
#include <stdexcept>

#include "intr/comm/mpi_environment.h"
#include "intr/core/error.h"
#include "intr/core/trace.h"
#include "intr/io/json_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using testing::ElementsAre;

TEST(TraceSteps, AreTheFirstAndTheLast) {
  const TraceSteps some = TraceSteps::parse("3:7");
  EXPECT_EQ(some.first, 3);
  EXPECT_EQ(some.last, 7);
  EXPECT_FALSE(some.covers(2));
  EXPECT_TRUE(some.covers(3));
  EXPECT_TRUE(some.covers(7));
  EXPECT_FALSE(some.covers(8));
  EXPECT_TRUE(TraceSteps::parse("1:1").covers(1));
  EXPECT_TRUE(TraceSteps::parse("").covers(std::int64_t{1} << 60));
  for (const char* bad : {"0:3", "-1:3", "3:2", "3", ":", "3:", ":3", "a:b", "3:4x", " 3:4", "3 :4",
                          "3-4", "1:99999999999999999999"})
    EXPECT_THROW(TraceSteps::parse(bad), UsageError) << bad;
}

/// One folder for all ranks.
class RunTraceTest : public testing::Test {
 protected:
  RunTraceTest() {
    if (rank() == 0) folder_.emplace();
    root_ = communicator_->broadcast_text(folder_ ? folder_->path() : "", 0, {"test"});
  }
  ~RunTraceTest() override { communicator_->barrier({"test"}); }

  int rank() const { return communicator_->rank(); }
  std::string file() const { return root_ + "/new/trace.json"; }
  /// Does some steps, each with one span of its number, and instants before and behind them.
  void work(RunTrace& trace, std::int64_t first, std::int64_t last) {
    trace.start(*communicator_);
    trace::instant("before");
    for (std::int64_t step = first; step <= last; ++step) {
      trace.begin_step(step);
      const trace::Scope scope("work", {"step", step});
    }
  }
  Json events(const std::string& path) const { return read_json(path).at("traceEvents"); }
  /// Steps that have a span on a rank.
  static std::vector<std::int64_t> steps_of(const Json& events, int rank) {
    std::vector<std::int64_t> steps;
    for (const Json& event : events)
      if (event.at("name") == "work" && event.at("pid") == rank)
        steps.push_back(event.at("args").at("step"));
    return steps;
  }

  MpiEnvironment mpi_;
  std::unique_ptr<Communicator> communicator_ = make_communicator("auto", mpi_);
  std::optional<test::TempDir> folder_;
  std::string root_;
};

TEST_F(RunTraceTest, OneFileHoldsAllRanks) {
  RunTrace trace(file(), "");
  work(trace, 1, 3);
  trace.write(*communicator_);
  EXPECT_FALSE(trace::on());
  trace.write_part();
  EXPECT_FALSE(fs::exists(file() + ".rank0.json")) << "it was written already";
  if (rank() != 0) return;
  const Json all = events(file());
  std::set<std::string> names;
  int before = 0;
  for (const Json& event : all) {
    if (event.at("name") == "process_name") names.insert(event.at("args").at("name"));
    if (event.at("name") == "before") ++before;
  }
  EXPECT_EQ(std::ssize(names), communicator_->world_size());
  EXPECT_EQ(before, communicator_->world_size());
  for (int from = 0; from < communicator_->world_size(); ++from) {
    EXPECT_TRUE(names.contains("rank " + std::to_string(from) + " (" + mpi_.node() + ")"));
    EXPECT_THAT(steps_of(all, from), ElementsAre(1, 2, 3));
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(root_ + "/new"), {}), 1) << "no other files";
}

TEST_F(RunTraceTest, StepsBoundIt) {
  RunTrace trace(file(), "2:3");
  work(trace, 1, 5);
  trace.write(*communicator_);
  if (rank() != 0) return;
  const Json all = events(file());
  EXPECT_THAT(steps_of(all, communicator_->world_size() - 1), ElementsAre(2, 3));
  EXPECT_EQ(all.dump().find("before"), std::string::npos);
}

/// A job that goes on beyond the steps must not take the trace of the one before away.
TEST_F(RunTraceTest, WithoutAnyOfTheStepsThereIsNoFile) {
  RunTrace trace(file(), "2:3");
  work(trace, 4, 5);
  trace.write(*communicator_);
  communicator_->barrier({"test"});
  EXPECT_FALSE(fs::exists(file()));
}

TEST_F(RunTraceTest, WithoutAFileNothingIsRecorded) {
  RunTrace trace("", "");
  trace.start(*communicator_);
  trace.begin_step(1);
  EXPECT_FALSE(trace::on());
  trace.write(*communicator_);
  trace.write_part();
}

TEST_F(RunTraceTest, AFileThatCannotBeWrittenAtTheEndIsAWarning) {
  RunTrace trace(file(), "");
  work(trace, 1, 1);
  if (rank() == 0) fs::remove_all(root_ + "/new");
  EXPECT_NO_THROW(trace.write(*communicator_));
  EXPECT_FALSE(fs::exists(file()));
}

TEST_F(RunTraceTest, AFileThatCannotBeWrittenIsSaidAtTheStart) {
  if (communicator_->world_size() > 1) return;  // rank 0 alone throws, and the job ends
  fs::create_directories(file());
  RunTrace trace(file(), "");
  EXPECT_THROW(trace.start(*communicator_), EnvironmentError);
  RunTrace beneath("/dev/null/trace.json", "");
  EXPECT_THROW(beneath.start(*communicator_), EnvironmentError);
}

TEST_F(RunTraceTest, ARankThatFailsLeavesItsPart) {
  try {
    RunTrace trace(file(), "");
    work(trace, 1, 2);
    throw std::runtime_error("a failure");
  } catch (const std::runtime_error&) {
  }
  EXPECT_FALSE(trace::on());
  const std::string part = file() + ".rank" + std::to_string(rank()) + ".json";
  EXPECT_THAT(steps_of(events(part), rank()), ElementsAre(1, 2));
  EXPECT_FALSE(fs::exists(file()));
}

}  // namespace
}  // namespace intr
