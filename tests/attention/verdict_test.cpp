// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/verdict.h"

#include <gtest/gtest.h>

#include <cmath>

namespace intr {
namespace {

DumpSample sample_of(std::int32_t label) {
  DumpSample sample;
  sample.label = label;
  sample.top_class = {4, 2, 7};
  sample.top_logit = {1.0F, 0.75F, 0.0F};
  sample.log_z = 2.0F;
  return sample;
}

TEST(Verdict, Right) {
  const Verdict verdict = judge(sample_of(4));
  EXPECT_TRUE(verdict.labeled && verdict.right);
  EXPECT_EQ(verdict.predicted, 4);
  EXPECT_EQ(verdict.runner_up, 2);
  EXPECT_DOUBLE_EQ(verdict.probability, std::exp(-1.0));
  EXPECT_DOUBLE_EQ(verdict.margin, 0.25);
}

TEST(Verdict, WrongHasThePredictedClassAsRunnerUp) {
  const Verdict verdict = judge(sample_of(2));
  EXPECT_FALSE(verdict.right);
  EXPECT_EQ(verdict.runner_up, 4);
}

TEST(Verdict, WithoutLabel) {
  const Verdict verdict = judge(sample_of(-1));
  EXPECT_FALSE(verdict.labeled || verdict.right);
  EXPECT_EQ(verdict.runner_up, 2);
}

TEST(Verdict, OneClassHasNoRunnerUp) {
  DumpSample sample;
  sample.label = 0;
  sample.top_class = {0};
  sample.top_logit = {3.0F};
  sample.log_z = 3.0F;
  const Verdict verdict = judge(sample);
  EXPECT_EQ(verdict.runner_up, -1);
  EXPECT_DOUBLE_EQ(verdict.probability, 1);
  EXPECT_DOUBLE_EQ(verdict.margin, 0);
}

}  // namespace
}  // namespace intr
