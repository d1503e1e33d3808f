// SPDX-License-Identifier: Apache-2.0
// intr-pack on several ranks, as a user starts it.
#include <gtest/gtest.h>

#include <filesystem>

#include "intr/io/atomic_file.h"
#include "support/run_program.h"
#include "tiny_source.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::quoted;

class PackRanksTest : public testing::Test {
 protected:
  PackRanksTest() { test::make_tiny_source(root); }
  std::string command(const std::string& target) const {
    return quoted(INTR_PACK_PROGRAM) + " pack " + quoted(root) + " --out " + quoted(target);
  }
  static test::ProgramResult on_ranks(int ranks, const std::string& program) {
    return test::run_program(std::string(INTR_MPI_LAUNCHER) + " " + std::to_string(ranks) + " " +
                             program);
  }
  test::TempDir folder;
  const std::string root = folder / "source";
  const std::string set = folder / "set";
};

TEST_F(PackRanksTest, TheResultIsThatOfOneRank) {
  ::setenv("SOURCE_DATE_EPOCH", "0", 1);
  ASSERT_EQ(test::run_program(command(folder / "alone")).exit_code, 0);
  const test::ProgramResult packed = on_ranks(3, command(set));
  ASSERT_EQ(packed.exit_code, 0) << packed.errors;
  for (const auto& entry : fs::directory_iterator(folder / "alone")) {
    const std::string name = entry.path().filename().string();
    EXPECT_TRUE(read_file(entry.path().string()) == read_file(set + "/" + name)) << name;
  }
  const test::ProgramResult again = on_ranks(2, command(set));
  EXPECT_EQ(again.exit_code, 0) << again.errors;
  EXPECT_NE(again.errors.find("nothing to do"), std::string::npos) << again.errors;
}

TEST_F(PackRanksTest, ABadPictureEndsAllRanksWithItsStatus) {
  test::put(root + "/val/b/page.png", "<html>404</html>");
  const test::ProgramResult result = on_ranks(2, command(set));
  EXPECT_EQ(result.exit_code, 65) << result.errors;
  EXPECT_NE(result.errors.find("bad picture val/b/page.png"), std::string::npos) << result.errors;
  EXPECT_FALSE(fs::exists(set + "/dataset.json"));
}

TEST_F(PackRanksTest, ADeadRankEndsTheOthers) {
  const std::string dying =
      "sh -c 'if [ \"${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-$SLURM_PROCID}}\" = 1 ]; then kill -9 $$; "
      "fi; exec \"$@\"' sh ";
  const test::ProgramResult result = on_ranks(2, dying + command(set));
  EXPECT_NE(result.exit_code, 0);
  EXPECT_FALSE(fs::exists(set + "/dataset.json"));
  EXPECT_EQ(on_ranks(2, command(set)).exit_code, 0) << "and the same command goes on";
  EXPECT_TRUE(fs::exists(set + "/dataset.json"));
}

TEST_F(PackRanksTest, VerifyFindsTheSameOnAnyNumberOfRanks) {
  ASSERT_EQ(test::run_program(command(set)).exit_code, 0);
  const std::string verify = quoted(INTR_PACK_PROGRAM) + " verify " + quoted(set) + " --json";
  EXPECT_EQ(on_ranks(3, verify).exit_code, 0);
  const std::string shard = set + "/val-00000-of-00001.h5";
  test::flip_byte(shard, fs::file_size(shard) / 2);
  const test::ProgramResult alone = test::run_program(verify);
  const test::ProgramResult divided = on_ranks(3, verify);
  EXPECT_EQ(alone.exit_code, 65);
  EXPECT_EQ(divided.exit_code, 65) << divided.errors;
  EXPECT_EQ(divided.output, alone.output);
}

TEST_F(PackRanksTest, HelpAndWrongOptionsNeedNoMpi) {
  EXPECT_EQ(on_ranks(2, quoted(INTR_PACK_PROGRAM) + " pack --help").exit_code, 0);
  const test::ProgramResult wrong = on_ranks(2, command(set) + " --check hard");
  EXPECT_EQ(wrong.exit_code, 2) << wrong.errors;
  EXPECT_EQ(on_ranks(2, quoted(INTR_PACK_PROGRAM) + " ls " + quoted(set)).exit_code, 2);
}

}  // namespace
}  // namespace intr
