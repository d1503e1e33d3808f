// SPDX-License-Identifier: Apache-2.0
#include "intr/train/training_plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "intr/core/error.h"
#include "intr/io/json_file.h"
#include "support/small_state.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

TrainOptions small() {
  TrainOptions options;
  options.model = test::small_state_config();
  options.num_queries = 3;
  return options;
}

PlanOptions on_ranks(std::int64_t ranks) {
  PlanOptions plan;
  plan.ranks = ranks;
  return plan;
}

TEST(TrainingPlan, IsFiniteForEveryNumberOfRanks) {
  for (const std::int64_t ranks : {1, 8, 1024}) {
    const TrainingPlan plan = plan_training(small(), on_ranks(ranks));
    for (const PlanFigure& figure : plan.figures) {
      EXPECT_TRUE(std::isfinite(figure.value)) << figure.name;
      EXPECT_GE(figure.value, 0) << figure.name;
    }
    EXPECT_EQ(plan.figure("efficiency").value == 1, ranks == 1);
    EXPECT_EQ(plan.figure("communication").value == 0, ranks == 1);
    EXPECT_EQ(std::accumulate(plan.bucket_bytes.begin(), plan.bucket_bytes.end(), 0.0),
              1e6 * plan.figure("gradients").value);
  }
}

TEST(TrainingPlan, CountsTheModelThatTrainingBuilds) {
  const TrainOptions options = small();
  const TrainingPlan plan = plan_training(options, on_ranks(2));
  const TrainingState state(options.model, {}, at::kCPU);
  EXPECT_NEAR(1e6 * plan.figure("trainable_values").value,
              static_cast<double>(state.num_parameters()), 0.5);
  EXPECT_EQ(plan.figure("trainable_values").origin, Origin::kGiven);
  TrainOptions frozen = options;
  frozen.freeze = "backbone";
  EXPECT_LT(plan_training(frozen, on_ranks(2)).figure("trainable_values").value,
            plan.figure("trainable_values").value);
}

TEST(TrainingPlan, SaysWhereNumbersComeFrom) {
  const TrainingPlan assumed = plan_training(small(), on_ranks(64));
  for (const char* name : {"network_latency", "node_bandwidth", "rank_step", "rank_backward"})
    EXPECT_EQ(assumed.figure(name).origin, Origin::kAssumed) << name;
  EXPECT_EQ(assumed.figure("step").origin, Origin::kModelled);
  EXPECT_EQ(assumed.notes.size(), 4u) << "two links, the step, and more ranks than pictures";

  const test::TempDir folder;
  TrainOptions options = small();
  options.comm_profile = folder / "profile.json";
  const CommProfile profile{.ranks = 4, .nodes = 4, .fit = {{50e-6, 1e9}, 0.1}};
  write_json(options.comm_profile,
             {{"schema", "intr-bench/1"}, {"bench", "comm"}, {"summary", to_json(profile)}});
  PlanOptions asked = on_ranks(32);
  asked.ranks_per_node = 1;
  asked.step_ms = 100;
  const TrainingPlan known = plan_training(options, asked);
  EXPECT_EQ(known.figure("network_latency").origin, Origin::kMeasured);
  EXPECT_NEAR(known.figure("network_latency").value, 50, 1e-9);
  EXPECT_EQ(known.figure("rank_step").origin, Origin::kGiven);
  EXPECT_TRUE(known.notes.empty()) << known.notes.front();
  const double parts =
      100 + known.figure("exposed").value + known.figure("waiting_for_slowest").value;
  EXPECT_NEAR(known.figure("step").value, parts, 1e-9);
  EXPECT_NEAR(known.figure("efficiency").value, 100 / parts, 1e-9);
}

TEST(TrainingPlan, AProfileMayTellOfTheBackwardPass) {
  const test::TempDir folder;
  TrainOptions options = small();
  options.comm_profile = folder / "profile.json";
  const CommProfile profile{
      .ranks = 4, .nodes = 1, .fit = {{50e-6, 1e9}, 0.1}, .picture_backward_s = 0.01};
  write_json(options.comm_profile,
             {{"schema", "intr-bench/1"}, {"bench", "comm"}, {"summary", to_json(profile)}});
  const TrainingPlan plan = plan_training(options, on_ranks(3));  // 16 pictures: 12 and 4
  EXPECT_EQ(plan.figure("rank_backward").origin, Origin::kMeasured);
  EXPECT_NEAR(plan.figure("rank_backward").value, 40, 1e-9);
  EXPECT_EQ(plan.figure("rank_step").origin, Origin::kAssumed);
  EXPECT_NEAR(plan.figure("rank_step").value, 240, 1e-9);
  PlanOptions asked = on_ranks(3);
  asked.step_ms = 100;
  EXPECT_NEAR(plan_training(options, asked).figure("rank_backward").value, 40, 1e-9);
  asked.backward_ms = 30;
  EXPECT_NEAR(plan_training(options, asked).figure("rank_backward").value, 30, 1e-9);
  EXPECT_EQ(plan_training(options, asked).figure("rank_backward").origin, Origin::kGiven);
}

TEST(TrainingPlan, SavesAndFailuresFollowTheNumberOfRanks) {
  PlanOptions asked = on_ranks(1024);
  asked.save_stall_ms = 50;
  const TrainingPlan plan = plan_training(small(), asked);
  EXPECT_NEAR(plan.figure("failures_a_week").value, 168.0 / 49, 1e-9);
  EXPECT_NEAR(plan.figure("save_interval").value, std::sqrt(2 * 0.05 * 49 * 3600), 1e-9);
  TrainOptions options = small();
  options.keep = 1;
  options.schedule.epochs = 10;
  options.keep_every = 5;
  const TrainingPlan few = plan_training(options, asked);
  EXPECT_NEAR(1e3 * few.figure("disk").value, few.figure("checkpoint").value * (1 + 2 + 1 + 1.2),
              1e-9);
}

TEST(TrainingPlan, HasOneTextForPeopleAndOneForPrograms) {
  const TrainingPlan plan = plan_training(small(), on_ranks(8));
  const std::string text = to_text(plan);
  for (const char* word : {"assumed", "modelled", "given", "efficiency", "bucket sizes, MiB"})
    EXPECT_NE(text.find(word), std::string::npos) << word;
  const auto json = to_json(plan);
  EXPECT_EQ(json.at("schema"), "intr-plan/1");
  EXPECT_EQ(json.at("figures").at("ranks").at("value"), 8);
  EXPECT_EQ(json.at("figures").at("step").at("origin"), "modelled");
  EXPECT_EQ(json.at("bucket_bytes").size(), plan.bucket_bytes.size());
}

TEST(TrainingPlan, WrongValuesNameTheirOption) {
  const auto fault = [](auto change) {
    PlanOptions options = on_ranks(2);
    change(options);
    try {
      validate(options);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(fault([](PlanOptions&) {}), "");
  EXPECT_NE(fault([](PlanOptions& o) { o.ranks = 0; }).find("--ranks"), std::string::npos);
  EXPECT_NE(fault([](PlanOptions& o) { o.network = "fddi"; }).find("--network"), std::string::npos);
  EXPECT_NE(fault([](PlanOptions& o) { o.step_ms = -1; }).find("--step-ms"), std::string::npos);
}

}  // namespace
}  // namespace intr
