// SPDX-License-Identifier: Apache-2.0
#include "intr/core/formula.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace intr {
namespace {

// Printed by tests/golden/make_model_golden.py's own generator, written in Python.
TEST(FormulaTest, GivesTheNumbersOfTheScripts) {
  const std::vector<float> queries = formula_weight("query_embed.weight", {200, 256});
  EXPECT_EQ(queries.at(0), 0.33194565773010254F);
  EXPECT_EQ(queries.at(1), -0.012665748596191406F);
  EXPECT_EQ(queries.size(), 200u * 256u);
  const std::vector<float> bias = formula_weight("input_proj.bias", {256});
  EXPECT_EQ(bias.at(0), 0.0037941336631774902F);
  EXPECT_EQ(bias.at(1), -0.007031619548797607F);
}

TEST(FormulaTest, UnitsLieInTheirIntervalAndFollowFromNameAndSeed) {
  const std::vector<double> units = formula_units("a", 10'000);
  EXPECT_GE(*std::ranges::min_element(units), -1.0);
  EXPECT_LT(*std::ranges::max_element(units), 1.0);
  EXPECT_LT(*std::ranges::min_element(units), -0.99);
  EXPECT_GT(*std::ranges::max_element(units), 0.99);
  EXPECT_EQ(formula_units("a", 10'000), units);
  EXPECT_NE(formula_units("b", 10'000), units);
  EXPECT_NE(formula_units("a", 10'000, 1), units);
}

TEST(FormulaTest, ScalesFollowNameAndShape) {
  const auto largest = [](const std::string& name, const std::vector<std::int64_t>& shape) {
    const std::vector<float> values = formula_weight(name, shape);
    return *std::ranges::max_element(values);
  };
  EXPECT_NEAR(largest("layer.conv1.weight", {64, 32, 3, 3}), 0.0833, 1e-3) << "sqrt(2 / 288)";
  EXPECT_NEAR(largest("a.linear1.weight", {256, 192}), 0.125, 1e-3) << "sqrt(3 / 192)";
  EXPECT_NEAR(largest("a.in_proj_weight", {256, 192}), 0.375, 1e-3) << "sqrt(27 / 192)";
  EXPECT_NEAR(largest("bn1.running_var", {10'000}), 1.5, 1e-2);
  EXPECT_NEAR(largest("bn1.weight", {10'000}), 1.25, 1e-2);
  EXPECT_NEAR(largest("bn1.bias", {10'000}), 0.125, 1e-2);
}

}  // namespace
}  // namespace intr
