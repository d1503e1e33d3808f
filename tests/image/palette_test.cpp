// SPDX-License-Identifier: Apache-2.0
#include "intr/image/palette.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(Palette, EndsOfThePublishedTables) {
  EXPECT_EQ(palette_named("inferno")[0], (Color{0, 0, 4}));
  EXPECT_EQ(palette_named("inferno")[255], (Color{252, 255, 164}));
  EXPECT_EQ(palette_named("viridis")[0], (Color{68, 1, 84}));
  EXPECT_EQ(palette_named("jet")[0], (Color{0, 0, 128}));
  EXPECT_EQ(palette_named("grey")[77], (Color{77, 77, 77}));
}

TEST(Palette, EveryNameIsThere) {
  for (const std::string& name : palette_names()) EXPECT_NO_THROW(palette_named(name));
  EXPECT_THROW(palette_named("rainbow"), UsageError);
}

}  // namespace
}  // namespace intr
