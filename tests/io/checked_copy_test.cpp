// SPDX-License-Identifier: Apache-2.0
#include "intr/io/checked_copy.h"

#include <gtest/gtest.h>

#include <string>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class CheckedCopyTest : public testing::Test {
 protected:
  CheckedCopyTest() {
    for (int i = 0; i < 1'300'000; ++i) contents += std::to_string(i);  // more than one piece
    write_file(folder / "from", contents);
  }
  bool copy(const std::string& hash, int pieces = 1000) {
    return copy_checked(folder / "from", folder / "to", hash, [&] { return --pieces < 0; });
  }
  test::TempDir folder;
  std::string contents;
};

TEST_F(CheckedCopyTest, CopiesEveryByte) {
  EXPECT_TRUE(copy(hash_file(folder / "from")));
  EXPECT_EQ(read_file(folder / "to"), contents);
}

TEST_F(CheckedCopyTest, RefusesOtherBytesThanThoseThatWerePacked) {
  const std::string hash = hash_file(folder / "from");
  contents[5'000'000] ^= 1;
  write_file(folder / "from", contents);
  try {
    copy(hash);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("from: its bytes are not those that were packed"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(CheckedCopyTest, StopsBetweenPieces) {
  EXPECT_FALSE(copy(hash_file(folder / "from"), 1));
  EXPECT_LT(read_file(folder / "to").size(), contents.size());
}

}  // namespace
}  // namespace intr
