// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/weight_format.h"

#include <gtest/gtest.h>

#include <string>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using namespace std::string_literals;

class Format : public testing::Test {
 protected:
  /// The format's name, or the refusal.
  std::string of(const std::string& head) {
    const std::string path = folder_ / "x.pth";  // the name says nothing
    write_file(path, head);
    try {
      return std::string(name_of(weight_format(InputFile(path))));
    } catch (const DataError& error) {
      return error.what();
    }
  }
  void expect_refused(const std::string& head, const std::string& part) {
    const std::string found = of(head);
    EXPECT_NE(found.find(part), std::string::npos) << found;
  }
  test::TempDir folder_;
};

TEST_F(Format, TheContentDecides) {
  EXPECT_EQ(of("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e and more"s),
            "legacy torch stream");
  EXPECT_EQ(of("PK\x03\x04 and more"), "torch zip file");
  EXPECT_EQ(of("\x89HDF\r\n\x1a\n and more"), "intr checkpoint");
  EXPECT_EQ(of("\x02\0\0\0\0\0\0\0{}"s), "safetensors");
}

TEST_F(Format, StrangersAreNamed) {
  expect_refused("", "empty file");
  expect_refused("version https://git-lfs.github.com/spec/v1\n", "git lfs pull");
  expect_refused("<!DOCTYPE html>", "a web page: the download failed");
  expect_refused("<html>", "a web page");
  expect_refused("<?xml version=\"1.0\"?>", "a web page");
  expect_refused(std::string(257, 'x') + "ustar", "before 0.1.10");
  for (const char protocol : {'\x02', '\x03', '\x04', '\x05'})
    expect_refused("\x80"s + protocol + "}.", "a bare pickle");
  expect_refused("\x80\x06}.", "begins with 80 06 7d 2e");
  expect_refused("\x80\x03\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.",
                 "a legacy torch stream of another pickle protocol");
  expect_refused("L119547037146038801333356L\n.", "without naming a pickle_protocol");
}

TEST_F(Format, OtherBytesAreShownAndComparedWithSafetensors) {
  expect_refused("0123456789abcdefgh", "30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66;");
  expect_refused("\x01\0\0\0\0\0\0\0{"s, "a header of 1 bytes");
  expect_refused("\x01\xe1\xf5\x05\0\0\0\0{"s, "a header of 100000001 bytes");
  expect_refused("\x02\0\0\0\0\0\0\0[]"s, "have to begin with {");
  EXPECT_EQ(of("\x00\xe1\xf5\x05\0\0\0\0{"s), "safetensors") << "its length is checked later";
}

}  // namespace
}  // namespace intr
