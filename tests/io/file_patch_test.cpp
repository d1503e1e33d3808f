// SPDX-License-Identifier: Apache-2.0
#include "intr/io/file_patch.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(FilePatch, ChangesRangesAndLeavesTheRest) {
  const test::TempDir folder;
  const std::string path = folder / "file";
  write_file(path, "0123456789");
  FilePatch patch(path);
  patch.write(3, bytes_of("abc"));
  patch.write(9, bytes_of("zz"));
  FilePatch moved = std::move(patch);
  moved.close();
  EXPECT_EQ(read_file(path), "012abc678zz");
}

TEST(FilePatch, AMissingFileIsNotMade) {
  const test::TempDir folder;
  EXPECT_THROW(FilePatch(folder / "file"), DataError);
}

TEST(FilePatch, AFullDiskIsNamed) {
  FilePatch patch("/dev/full");
  EXPECT_THROW(patch.write(0, bytes_of("a")), EnvironmentError);
}

}  // namespace
}  // namespace intr
