// SPDX-License-Identifier: Apache-2.0
#include "intr/core/version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace intr {
namespace {

TEST(Version, IsThreeNumbers) {
  EXPECT_THAT(version(), testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

TEST(Version, FactsAreOneALine) {
  const std::string facts = base_build_facts();
  EXPECT_THAT(facts, testing::StartsWith("intr " + version() + "\n"));
  for (const char* part : {"\ncompiler ", "\nHDF5 1.", "\nfmt "})
    EXPECT_THAT(facts, testing::HasSubstr(part));
  EXPECT_EQ(facts.back(), '\n');
}

}  // namespace
}  // namespace intr
