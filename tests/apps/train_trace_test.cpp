// SPDX-License-Identifier: Apache-2.0
// intr-train --trace on two ranks: the file is whole and true, and the run is the same without it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "intr/io/json_file.h"
#include "intr/weights/checkpoint_file.h"
#include "intr/weights/checkpoint_manifest.h"
#include "support/colored_squares.h"
#include "support/programs.h"
#include "support/tiny_flags.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using test::ProgramResult;
using test::quoted;

constexpr int kRanks = 2;
/// 8 steps of 3 and 2 pictures a rank, in forward passes of 2 at most.
const char* const kRun = "--bucket-mb 1 --save-every 3steps --max-steps 8 ";

/// A span of a thread. Times in microseconds.
struct Span {
  int rank = 0;
  int thread = 0;
  std::string name;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t step = -1;
  std::int64_t bucket = -1;
  std::int64_t bytes = -1;
};

/// A trace that was read.
struct Trace {
  explicit Trace(const std::string& path) {
    std::map<std::string, Json> waiting;
    const Json file = read_json(path);
    for (const Json& event : file.at("traceEvents")) {
      const std::string phase = event.at("ph");
      const std::string name = event.at("name");
      const int rank = event.at("pid");
      if (phase == "M" && name == "process_name") processes[rank] = event.at("args").at("name");
      if (phase == "M" && name == "thread_name")
        threads[{rank, event.at("tid")}] = event.at("args").at("name");
      if (phase == "C") counters.insert(name);
      if (phase == "X") spans.push_back(span(event, event.at("dur")));
      const auto id = [&] { return std::to_string(rank) + event.at("id2").dump(); };
      if (phase == "b") waiting[id()] = event;
      if (phase == "e") {
        const Json begin = waiting.at(id());
        const std::int64_t duration =
            event.at("ts").get<std::int64_t>() - begin.at("ts").get<std::int64_t>();
        waits.push_back(span(begin, duration));
      }
    }
  }
  static Span span(const Json& event, std::int64_t duration) {
    const Json& args = event.at("args");
    return {.rank = event.at("pid"),
            .thread = event.at("tid"),
            .name = event.at("name"),
            .begin = event.at("ts"),
            .end = event.at("ts").get<std::int64_t>() + duration,
            .step = args.value("step", -1),
            .bucket = args.value("bucket", -1),
            .bytes = args.value("bytes", -1)};
  }
  std::vector<Span> of(int rank, const std::string& name) const {
    std::vector<Span> found;
    for (const Span& span : spans)
      if (span.rank == rank && span.name == name) found.push_back(span);
    return found;
  }
  std::string thread_of(const Span& span) const { return threads.at({span.rank, span.thread}); }
  std::vector<std::int64_t> steps(int rank) const {
    std::vector<std::int64_t> numbers;
    for (const Span& step : of(rank, "step")) numbers.push_back(step.step);
    return numbers;
  }

  std::map<int, std::string> processes;
  std::map<std::pair<int, int>, std::string> threads;
  std::set<std::string> counters;
  std::vector<Span> spans;
  std::vector<Span> waits;
};

class TrainTraceTest : public testing::Test {
 protected:
  ProgramResult train(const std::string& run, const std::string& more,
                      const std::string& environment = {}) const {
    return test::run_program("timeout 200 env " + environment + " " + test::on_ranks(kRanks) +
                             test::program("train") + " --data " + quoted(set_) + " --out " +
                             quoted(folder_ / run) + test::tiny_flags(kRun + more));
  }
  std::string trace() const { return "--trace " + quoted(file_) + " "; }
  void expect_parts() const;
  Checkpoint newest(const std::string& run) const {
    const std::string folder = folder_ / run + "/checkpoints";
    return read_checkpoint(folder + "/" + checkpoint_candidates(folder).front().file);
  }

  test::TempDir folder_;
  const std::string file_ = folder_ / "made/trace.json";
  const std::string set_ = test::make_colored_squares(folder_.path());
};

/// Parts of failed ranks, and nothing else, that hold the first three steps.
void TrainTraceTest::expect_parts() const {
  EXPECT_FALSE(fs::exists(file_));
  std::int64_t parts = 0;
  for (const auto& entry : fs::directory_iterator(folder_ / "made")) {
    if (entry.path().filename().string().starts_with("."))
      continue;  // of a rank killed while writing
    const Trace part(entry.path().string());
    const int rank = part.processes.begin()->first;
    EXPECT_EQ(entry.path().string(), file_ + ".rank" + std::to_string(rank) + ".json");
    EXPECT_EQ(part.steps(rank), (std::vector<std::int64_t>{1, 2, 3}));
    ++parts;
  }
  EXPECT_GE(parts, 1);
}

void expect_phases(const Trace& trace, const Span& step) {
  static const std::vector<std::string> kNames = {"begin",    "data",    "forward",
                                                  "backward", "exposed", "optimizer"};
  std::vector<Span> phases;
  for (const Span& span : trace.spans) {
    const bool known = std::find(kNames.begin(), kNames.end(), span.name) != kNames.end();
    if (known && span.rank == step.rank && span.step == step.step) phases.push_back(span);
  }
  ASSERT_GE(phases.size(), kNames.size());
  std::int64_t at = step.begin;
  std::string order;
  for (const Span& phase : phases) {
    EXPECT_EQ(phase.begin, at) << phase.name << ": phases follow each other without a gap";
    EXPECT_EQ(phase.thread, step.thread);
    at = phase.end;
    if (!order.ends_with(phase.name + " ")) order += phase.name + " ";
  }
  EXPECT_EQ(at, step.end);
  const std::string passes = order.find("backward data") == std::string::npos
                                 ? "data forward backward "
                                 : "data forward backward data forward backward ";
  EXPECT_EQ(order, "begin " + passes + "exposed optimizer ");
}

/// Of each bucket's message: gradients, each at a multiple of 256 bytes, and 8 sums of the step in
/// the last.
std::vector<std::int64_t> bucket_bytes(const Checkpoint& checkpoint) {
  std::vector<std::int64_t> tensors;
  for (const CheckpointTensor& tensor : checkpoint.tensors)
    if (tensor.kind == TensorKind::kTrainable)
      tensors.push_back((static_cast<std::int64_t>(tensor.num_values()) * 4 + 255) / 256 * 256);
  std::vector<std::int64_t> bytes;
  std::size_t place = 0;
  for (const std::uint32_t end : checkpoint.plan_bucket_end) {
    bytes.push_back(0);
    for (; place < end; ++place) bytes.back() += tensors.at(checkpoint.plan_parameter.at(place));
  }
  bytes.back() += 8 * 4;
  return bytes;
}

/// @param bytes of each bucket
void expect_messages(const Trace& trace, const Span& step, const std::vector<std::int64_t>& bytes) {
  const auto in_step = [&](const Span& span) {
    return span.rank == step.rank && span.step == step.step && span.bucket >= 0;
  };
  std::vector<Span> sums, waits;
  std::copy_if(trace.spans.begin(), trace.spans.end(), std::back_inserter(sums), in_step);
  std::copy_if(trace.waits.begin(), trace.waits.end(), std::back_inserter(waits), in_step);
  ASSERT_EQ(sums.size(), bytes.size());
  ASSERT_EQ(waits.size(), bytes.size());
  for (std::size_t bucket = 0; bucket < bytes.size(); ++bucket) {
    EXPECT_EQ(sums[bucket].name, "gradients");
    EXPECT_EQ(trace.thread_of(sums[bucket]), "mpi");
    EXPECT_EQ(sums[bucket].bucket, static_cast<std::int64_t>(bucket));
    EXPECT_EQ(sums[bucket].bytes, bytes[bucket]);
    EXPECT_GE(sums[bucket].begin, step.begin);
    EXPECT_LE(sums[bucket].end, step.end);
    EXPECT_EQ(waits[bucket].bucket, sums[bucket].bucket);
    EXPECT_GE(waits[bucket].begin, step.begin);
    EXPECT_LE(waits[bucket].end, sums[bucket].begin) << "it waited before it ran";
  }
}

TEST_F(TrainTraceTest, HoldsEveryStepMessageAndSaveOfBothRanks) {
  const ProgramResult result = train("run", trace());
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const Trace trace(file_);
  ASSERT_EQ(trace.processes.size(), 2u);
  for (int rank = 0; rank < kRanks; ++rank)
    EXPECT_TRUE(trace.processes.at(rank).starts_with("rank " + std::to_string(rank) + " ("));
  const Checkpoint last = newest("run");
  ASSERT_EQ(last.step, 8);
  const std::vector<std::int64_t> bytes = bucket_bytes(last);
  ASSERT_GT(bytes.size(), 1u);
  for (int rank = 0; rank < kRanks; ++rank) {
    const std::vector<Span> steps = trace.of(rank, "step");
    ASSERT_EQ(steps.size(), 8u);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      EXPECT_EQ(steps[i].step, static_cast<std::int64_t>(i) + 1);
      expect_phases(trace, steps[i]);
      expect_messages(trace, steps[i], bytes);
    }
    const auto evaluations = trace.of(rank, "evaluation");  // and its messages
    EXPECT_EQ(std::count_if(evaluations.begin(), evaluations.end(),
                            [&](const Span& span) { return span.thread == steps[0].thread; }),
              2);
    EXPECT_FALSE(trace.of(rank, "evaluate batch").empty());
    EXPECT_FALSE(trace.of(rank, "picture").empty());
    EXPECT_EQ(trace.thread_of(trace.of(rank, "picture").front()), "decoder");
    EXPECT_FALSE(trace.of(rank, "read").empty());
  }
  std::map<std::int64_t, Span> saves;
  for (const Span& save : trace.of(0, "save")) saves[save.step] = save;
  for (const std::int64_t step : {3, 4, 8}) {  // 6 is left out where the disk is slow
    ASSERT_TRUE(saves.contains(step)) << step;
    for (const char* stage : {"write", "verify", "fsync", "rename"}) {
      const auto stages = trace.of(0, stage);
      EXPECT_EQ(std::count_if(stages.begin(), stages.end(),
                              [&](const Span& span) {
                                return span.thread == saves[step].thread &&
                                       span.begin >= saves[step].begin &&
                                       span.end <= saves[step].end;
                              }),
                1)
          << stage << " of step " << step;
    }
  }
  EXPECT_EQ(trace.thread_of(saves[3]), "saver");
  EXPECT_EQ(trace.of(0, "copy state").size(), saves.size());
  EXPECT_TRUE(trace.of(1, "save").empty());
  for (const char* name : {"ready batches", "free slots", "resident memory, bytes"})
    EXPECT_TRUE(trace.counters.contains(name)) << name;
}

TEST_F(TrainTraceTest, ChangesNoBitAndMayComeAndGo) {
  ASSERT_EQ(train("plain", "").exit_code, 0);
  EXPECT_EQ(train("traced", trace(), "INTR_DEADLINE=1").exit_code, 75);
  EXPECT_EQ(Trace(file_).steps(1), std::vector<std::int64_t>{1}) << "a stop writes it, too";
  ASSERT_EQ(train("traced", "", "INTR_DEADLINE=1").exit_code, 75);
  const ProgramResult rest = train("traced", trace() + "--trace-steps 4:5");
  ASSERT_EQ(rest.exit_code, 0) << rest.errors;
  for (int rank = 0; rank < kRanks; ++rank)
    EXPECT_EQ(Trace(file_).steps(rank), (std::vector<std::int64_t>{4, 5}));
  const Checkpoint plain = newest("plain"), traced = newest("traced");
  EXPECT_EQ(plain.step, traced.step);
  EXPECT_TRUE(plain.param == traced.param);
  EXPECT_TRUE(plain.exp_avg == traced.exp_avg);
  EXPECT_TRUE(plain.exp_avg_sq == traced.exp_avg_sq);
  const Json config = read_json(folder_ / "traced/config.json");
  EXPECT_EQ(config.at("paths").at("trace"), file_);
  EXPECT_FALSE(config.at("options").contains("trace"));
}

TEST_F(TrainTraceTest, AFailureLeavesThePartOfEachRankThatCan) {
  const ProgramResult result = train("run", trace() + "--inject nan:step=2,count=3");
  EXPECT_EQ(result.exit_code, 77) << result.errors;
  expect_parts();
}

TEST_F(TrainTraceTest, SoDoesAHang) {
  const ProgramResult result = train("run", trace() + "--hang-limit 4 --inject hang:rank=1,step=4");
  EXPECT_EQ(result.exit_code, 76) << result.errors;
  expect_parts();
}

TEST_F(TrainTraceTest, WrongUseIsTwo) {
  for (const char* words : {"--trace t.json --trace-steps 5", "--trace t.json --trace-steps 5:4",
                            "--trace t.json --trace-steps 0:4", "--trace-steps 1:4"}) {
    const ProgramResult result =
        test::run_program(test::program("train") + " --data " + quoted(set_) + " --out " +
                          quoted(folder_ / "run") + test::tiny_flags(words));
    EXPECT_EQ(result.exit_code, 2) << words << result.errors;
    EXPECT_NE(result.errors.find("--trace-steps"), std::string::npos) << result.errors;
  }
}

}  // namespace
}  // namespace intr
