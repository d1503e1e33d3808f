// SPDX-License-Identifier: Apache-2.0
#include "intr/io/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>
#include <type_traits>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

static_assert(std::is_nothrow_move_constructible_v<OutputFile>);
static_assert(!std::is_copy_constructible_v<OutputFile>);

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(OutputFile, WritesPieces) {
  const test::TempDir folder;
  write_file(folder / "a", "something longer that was there");
  OutputFile file(folder / "a");
  file.write(bytes_of("one "));
  OutputFile moved(std::move(file));
  moved.write(bytes_of(""));
  moved.write(bytes_of("two"));
  EXPECT_EQ(moved.size(), 7U);
  moved.close();
  EXPECT_EQ(read_file(folder / "a"), "one two");
}

TEST(OutputFile, AFullDiskIsAnError) {
  OutputFile file("/dev/full");  // every write fails for lack of space
  try {
    file.write(bytes_of("text"));
    FAIL();
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("No space left"));
    EXPECT_THAT(error.what(), testing::HasSubstr("/dev/full"));
  }
}

TEST(OutputFile, WhatCannotBeCreated) {
  const test::TempDir folder;
  EXPECT_THROW(OutputFile(folder / "missing/a"), Error);
  EXPECT_THROW(OutputFile{folder.path()}, Error);
}

}  // namespace
}  // namespace intr
