// SPDX-License-Identifier: Apache-2.0
// A packing by three ranks of which one is killed in the middle, and those that go on with it.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "intr/io/atomic_file.h"
#include "support/run_program.h"
#include "tiny_source.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::Files;
using test::quoted;

ino_t inode(const std::string& path) {
  struct stat facts = {};
  return ::stat(path.c_str(), &facts) == 0 ? facts.st_ino : 0;
}

class DyingRankTest : public testing::TestWithParam<std::tuple<int, const char*>> {
 protected:
  DyingRankTest() {
    ::setenv("SOURCE_DATE_EPOCH", "0", 1);
    test::make_tiny_source(root);
    const test::ProgramResult alone = test::run_program(packer(folder / "whole"));
    EXPECT_EQ(alone.exit_code, 0) << alone.errors;
    expected = test::contents(folder / "whole");
  }
  std::string packer(const std::string& set) const {
    return quoted(INTR_RANK_PACKER) + " " + quoted(root) + " " + quoted(set);
  }
  static test::ProgramResult on_ranks(int ranks, const std::string& program) {
    return test::run_program(fmt::format("{} {} {}", INTR_MPI_LAUNCHER, ranks, program));
  }
  /// Whole shards, never half a file or a finished set. @return their names
  std::vector<std::string> shards_left(const std::string& set) const {
    EXPECT_FALSE(fs::exists(set + "/dataset.json"));
    std::vector<std::string> shards;
    for (const auto& [name, bytes] : test::contents(set)) {
      if (name.starts_with('.')) continue;
      EXPECT_TRUE(expected.count(name) == 1 && expected.at(name) == bytes) << name;
      shards.push_back(name);
    }
    return shards;
  }
  static bool has_half_a_shard(const std::string& set) {
    for (const auto& [name, bytes] : test::contents(set))
      if (name.starts_with(".") && name.find(".h5.tmp-") != name.npos && !bytes.empty())
        return true;
    return false;
  }
  /// A copy of the broken packing is finished; what was whole is kept, not written again.
  void expect_resumed(const std::string& broken, const std::vector<std::string>& kept, int ranks) {
    const std::string set = fmt::format("{}-{}", broken, ranks);
    fs::copy(broken, set);
    std::map<std::string, ino_t> before;
    for (const std::string& name : kept) before[name] = inode(set + "/" + name);
    const test::ProgramResult result =
        ranks == 1 ? test::run_program(packer(set)) : on_ranks(ranks, packer(set));
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_TRUE(test::contents(set) == expected) << "not the bytes of an unbroken run of one rank";
    for (const auto& [name, number] : before) EXPECT_EQ(inode(set + "/" + name), number) << name;
  }
  test::TempDir folder;
  const std::string root = folder / "source";
  Files expected;
};

TEST_P(DyingRankTest, OthersGoOnToTheBytesOfOneUnbrokenRank) {
  const auto& [victim, moment] = GetParam();
  const std::string set = folder / "set";
  const test::ProgramResult broken =
      on_ranks(3, fmt::format("{} {} {}", packer(set), victim, moment));
  EXPECT_NE(broken.exit_code, 0);
  EXPECT_NE(broken.exit_code, 99) << "a rank waited in vain";
  ASSERT_TRUE(fs::exists(set + ".dying")) << "nobody was killed: " << broken.errors;
  const std::vector<std::string> kept = shards_left(set);
  EXPECT_GE(kept.size(), 2u) << "of the victim and of another rank";
  if (std::string(moment) == "next") {
    EXPECT_TRUE(has_half_a_shard(set));
  }
  expect_resumed(set, kept, 2);
  expect_resumed(set, kept, 1);
}

INSTANTIATE_TEST_SUITE_P(EveryRank, DyingRankTest,
                         testing::Combine(testing::Values(0, 1, 2),
                                          testing::Values("renamed", "next")));

}  // namespace
}  // namespace intr
