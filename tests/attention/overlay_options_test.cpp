// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay_options.h"

#include <gtest/gtest.h>

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
  options.layout = "grid";
  EXPECT_THROW(validate(options), UsageError);
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
