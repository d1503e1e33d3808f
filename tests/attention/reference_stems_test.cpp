// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/reference_stems.h"

#include <gtest/gtest.h>

#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

/// The stems of samples 10, 13, … with these paths.
std::vector<std::string> stems_of(const std::vector<std::string>& paths) {
  const test::TempDir folder;
  test::SyntheticDump dump;
  dump.num_samples = std::ssize(paths);
  dump.adjust = [&](DumpSample& sample) {
    sample.path = paths[static_cast<std::size_t>((sample.sample_id - 10) / 3)];
  };
  test::write_synthetic_dump(folder / "dump", dump);
  std::vector<std::string> stems;
  for (const auto& [id, stem] : reference_stems(MapReader::open(folder / "dump")))
    stems.push_back(stem);
  return stems;
}

using Stems = std::vector<std::string>;

TEST(ReferenceStems, TheRealExtensionIsTakenOff) {
  EXPECT_EQ(stems_of({"a/one.jpeg", "a/two.v2.JPG", "b/three", "b/.four"}),
            (Stems{"one", "two.v2", "three", "%2Efour"}));
}

TEST(ReferenceStems, SharedOnesGetTheirIds) {
  EXPECT_EQ(stems_of({"a/one.jpg", "b/ONE.png", "b/other.png"}),
            (Stems{"one__10", "ONE__13", "other"}));
}

TEST(ReferenceStems, AStemThatLooksNumberedTakesNobodysName) {
  EXPECT_EQ(stems_of({"a/one.jpg", "b/one.jpg", "b/ONE__10.jpg"}),
            (Stems{"one__10", "one__13", "ONE__10__16"}));
}

TEST(ReferenceStems, FilesOfTheTreeKeepTheirNames) {
  EXPECT_EQ(stems_of({"a/avg_head.jpg", "a/Result_head_0.jpg", "a/concatenated_True.jpg"}),
            (Stems{"avg_head__10", "Result_head_0__13", "concatenated_True__16"}));
}

TEST(ReferenceStems, NothingLeavesTheFolder) {
  EXPECT_EQ(stems_of({"a/..", "b/x\n.jpg", "c/" + std::string(300, 'n') + ".jpg"}),
            (Stems{"%2E", "x%0A", std::string(160, 'n')}));
}

}  // namespace
}  // namespace intr
