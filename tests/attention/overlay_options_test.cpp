// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay_options.h"

#include <gtest/gtest.h>

#include <tuple>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(OverlayOptions, DefaultsAreValid) { EXPECT_NO_THROW(validate(OverlayOptions{})); }

TEST(OverlayOptions, ScalesAndRanges) {
  for (const char* scale : {"shared", "map", "sample", "fixed:2.5"}) {
    OverlayOptions options;
    options.scale = scale;
    EXPECT_NO_THROW(validate(options)) << scale;
  }
  for (const char* scale : {"", "fixed:", "fixed:-1", "fixed:1x", "fixed:inf", "other"}) {
    OverlayOptions options;
    options.scale = scale;
    EXPECT_THROW(validate(options), UsageError) << scale;
  }
  OverlayOptions options;
  options.opacity = 1.5;
  EXPECT_THROW(validate(options), UsageError);
  options = {};
  options.long_side = 5;
  EXPECT_THROW(validate(options), UsageError);
  options = {};
  options.layout = "row";
  EXPECT_THROW(validate(options), UsageError);
}

std::string refusal(const OverlayOptions& options) {
  try {
    validate(options);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "valid";
}

TEST(OverlayOptions, LayoutsOfThePublishedTree) {
  const OverlayOptions tree{.style = "reference", .layout = "reference", .query = "all"};
  EXPECT_EQ(refusal(tree), "valid");
  OverlayOptions other = tree;
  other.query = "true";
  EXPECT_EQ(refusal(other), "valid");
  other.query = "predicted";
  EXPECT_NE(refusal(other).find("use true"), std::string::npos);
  other = tree;
  other.style = "clean";
  EXPECT_NE(refusal(other).find("add --style reference"), std::string::npos);
  other = tree;
  other.format = "jpeg";
  EXPECT_NE(refusal(other).find("--format"), std::string::npos);
  other = tree;
  other.long_side = 300;
  EXPECT_NE(refusal(other).find("--long-side"), std::string::npos);
}

TEST(OverlayOptions, WhatAStyleOrMapCannotShow) {
  for (const char* layout : {"grid", "contrast"})
    EXPECT_NE(refusal({.style = "reference", .layout = layout}).find("use --style clean"),
              std::string::npos);
  EXPECT_NE(refusal({.style = "reference", .contour = true}).find("use --style clean"),
            std::string::npos);
  for (const char* map : {"contrast", "value", "rollout"})
    EXPECT_NE(refusal({.layout = "contrast", .map = map}).find("--map attention"),
              std::string::npos);
  EXPECT_NE(refusal({.map = "contrast", .contour = true}).find("--layout contrast"),
            std::string::npos);
  EXPECT_EQ(refusal({.layout = "contrast", .contour = true}), "valid");
  EXPECT_EQ(refusal({.layout = "grid", .map = "rollout", .format = "webp"}), "valid");
}

TEST(OverlayOptions, LayoutsOfAllQueriesShowAllUnlessAsked) {
  for (const auto& [layout, given, query] : {std::tuple{"grid", false, "all"},
                                             {"reference", false, "all"},
                                             {"grid", true, "true"},
                                             {"strip", false, "true"},
                                             {"single", true, "true"}}) {
    OverlayOptions options{.layout = layout};
    settle_query(options, given);
    EXPECT_EQ(options.query, query) << layout;
  }
  OverlayOptions options;
  settle_query(options, true, true);
  EXPECT_EQ(options.query, "true");
  settle_query(options, false, true);
  EXPECT_EQ(options.query, "all");
}

TEST(OverlayOptions, FlagsFillTheFields) {
  OverlayOptions options;
  OptionSet set("x", "y");
  describe(options, set);
  ASSERT_TRUE(set.parse({"--layout", "strip", "--caption=off", "--long-side", "500"}, ""));
  EXPECT_EQ(options.layout, "strip");
  EXPECT_FALSE(options.caption);
  EXPECT_EQ(options.long_side, 500);
}

}  // namespace
}  // namespace intr
