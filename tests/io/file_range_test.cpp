// SPDX-License-Identifier: Apache-2.0
#include "intr/io/file_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <thread>
#include <type_traits>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/damage.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

static_assert(std::is_nothrow_move_constructible_v<InputFile>);
static_assert(std::is_nothrow_move_assignable_v<InputFile>);
static_assert(!std::is_copy_constructible_v<InputFile>);

std::string text(const InputFile& file, std::uint64_t offset, std::size_t size) {
  std::vector<std::byte> bytes(size);
  file.read(offset, bytes);
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

TEST(FileRange, ReadsAnyPart) {
  const test::TempDir folder;
  write_file(folder / "a", "0123456789");
  InputFile file(folder / "a");
  EXPECT_EQ(file.size(), 10U);
  EXPECT_EQ(text(file, 0, 10), "0123456789");
  EXPECT_EQ(text(file, 7, 3), "789");
  EXPECT_EQ(text(file, 10, 0), "");
  EXPECT_EQ(file.read_all().size(), 10U);
  const InputFile moved = std::move(file);
  EXPECT_EQ(text(moved, 3, 2), "34");
}

TEST(FileRange, NamesTheByteWhereACutFileEnds) {
  const test::TempDir folder;
  write_file(folder / "a", "0123456789");
  const InputFile file(folder / "a");
  test::cut(folder / "a", 6);  // while it is open
  try {
    text(file, 4, 6);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("ends at byte 6, bytes up to 10 were expected"));
  }
  EXPECT_EQ(text(file, 4, 2), "45");
}

TEST(FileRange, RefusesWhatIsNoRegularFile) {
  const test::TempDir folder;
  EXPECT_THROW(InputFile(folder / "missing"), DataError);
  EXPECT_THROW(InputFile(folder.path()), DataError);
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THROW(InputFile(folder / "pipe"), DataError);  // and does not wait for a writer
}

TEST(FileRange, ServesThreadsAtOnce) {
  const test::TempDir folder;
  std::string contents;
  for (int i = 0; i < 1000; ++i) contents += static_cast<char>('a' + i % 26);
  write_file(folder / "a", contents);
  const InputFile file(folder / "a");
  std::array<int, 4> wrong = {};
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < wrong.size(); ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t i = 0; i < 500; ++i)
          wrong[t] += text(file, i + t, 7) != contents.substr(i + t, 7);
      });
    }
  }
  EXPECT_EQ(wrong, (std::array<int, 4>{}));
}

}  // namespace
}  // namespace intr
