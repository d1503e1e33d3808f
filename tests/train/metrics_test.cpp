// SPDX-License-Identifier: Apache-2.0
#include "intr/train/metrics.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

TEST(Metrics, AStepHasTheDocumentedFieldsInOrder) {
  StepReport report;
  report.after = {.step = 12, .epoch = 1, .next_position = 20};
  report.epoch = 1;
  report.position = 20;
  report.samples = 8;
  report.hits1 = 2;
  report.hits5 = 6;
  report.loss = 0.5;
  report.times.forward = 0.25;
  report.times.backward = 0.75;
  const auto record = step_record(report, {.checkpoint = 0.125, .other = 0.5});
  std::string names;
  for (const auto& [name, value] : record.items()) names += name + " ";
  EXPECT_EQ(names,
            "kind step epoch samples loss lr lr_backbone norm clip applied acc1 acc5 images_s ms "
            "pad_fraction loader time ");
  EXPECT_EQ(record.at("acc1"), 25.0);
  EXPECT_EQ(record.at("acc5"), 75.0);
  EXPECT_EQ(record.at("images_s"), 8.0);
  EXPECT_EQ(record.at("ms").at("forward"), 250.0);
  EXPECT_EQ(record.at("ms").at("checkpoint"), 125.0);
  EXPECT_EQ(record.at("ms").at("other"), 500.0);
}

TEST(Metrics, AnEvaluationCountsInPerCent) {
  Evaluation evaluation;
  evaluation.samples = 8;
  evaluation.hits1 = 6;
  evaluation.hits5 = 8;
  evaluation.loss = 1.5;
  const auto record = evaluation_record(evaluation, 40, 3, 2.0);
  EXPECT_EQ(record.at("kind"), "eval");
  EXPECT_EQ(record.at("acc1"), 75.0);
  EXPECT_EQ(record.at("acc5"), 100.0);
  EXPECT_EQ(record.at("images_s"), 4.0);
}

TEST(Metrics, AnEpochHasThePublishedKeys) {
  Evaluation evaluation;
  evaluation.samples = 4;
  evaluation.hits1 = 1;
  const EpochSums sums{.loss = 6, .hits1 = 2, .hits5 = 3, .samples = 4};
  auto record = epoch_record(sums, &evaluation, 5, 1e-4, 1000);
  std::string names;
  for (const auto& [name, value] : record.items()) names += name + " ";
  EXPECT_EQ(names,
            "train_lr train_loss train_acc1 train_acc5 test_loss test_acc1 test_acc5 epoch "
            "n_parameters ");
  EXPECT_EQ(record.at("train_loss"), 1.5);
  EXPECT_EQ(record.at("train_acc1"), 50.0);
  EXPECT_EQ(record.at("test_acc1"), 25.0);
  record = epoch_record(sums, nullptr, 5, 1e-4, 1000);
  EXPECT_FALSE(record.contains("test_acc1"));
}

}  // namespace
}  // namespace intr
