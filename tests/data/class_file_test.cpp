// SPDX-License-Identifier: Apache-2.0
#include "intr/data/class_file.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class ClassFile : public testing::Test {
 protected:
  std::vector<std::string> read(const std::string& text) const {
    write_file(dir_ / "names", text);
    return read_class_file(dir_ / "names");
  }
  test::TempDir dir_;
};

TEST_F(ClassFile, ANameALineWithEitherLineEnd) {
  const std::vector<std::string> names = {"crow", "great tit", "a/b, c"};
  EXPECT_EQ(read("crow\ngreat tit\na/b, c\n"), names);
  EXPECT_EQ(read("crow\r\ngreat tit\r\na/b, c"), names);
}

TEST_F(ClassFile, EmptyAndDoubledNamesAreRefusedByLine) {
  for (const char* text : {"crow\n\nheron\n", "crow\ncrow\n"}) {
    try {
      read(text);
      FAIL() << text;
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find("line 2"), std::string::npos) << error.what();
    }
  }
  EXPECT_THROW(read(""), DataError);
  EXPECT_THROW(read_class_file(dir_ / "nothing"), DataError);
}

}  // namespace
}  // namespace intr
