// SPDX-License-Identifier: Apache-2.0
// Paths that are no ordinary file, and files that change while they are read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "intr/io/atomic_file.h"
#include "support/child.h"
#include "support/temp_dir.h"
#include "weights/torch_bytes.h"
#include "weights/weight_corpus.h"

namespace intr {
namespace {

using testing::HasSubstr;

constexpr test::ChildLimits kQuick = {.cpu_s = 60};

std::string good_file(const std::string& name) {
  return std::string(INTR_CORPUS) + "/good/" + name;
}

/// The message with which a path cannot be opened, and whether it is the input's fault (65) or the
/// machine's (78).
std::string said_of(const std::string& path) {
  try {
    const WeightFile file(path);
    return "opened";
  } catch (const Error& error) {
    return std::to_string(static_cast<int>(error.code())) + " " + error.what();
  }
}

TEST(WeightPaths, AFifoIsRefusedWithoutWaitingForAWriter) {
  const test::TempDir folder;
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  const test::ChildResult result = test::in_child([&] {
    ::alarm(60);  // a reader that waits is ended
    return said_of(folder / "fifo");
  });
  EXPECT_EQ(result.signal, 0);
  EXPECT_THAT(result.text, HasSubstr("65 "));
  EXPECT_THAT(result.text, HasSubstr("not a regular file"));
}

TEST(WeightPaths, FoldersAndDevicesAreRefused) {
  const test::TempDir folder;
  for (const std::string& path :
       {folder.path(), std::string("/dev/null"), std::string("/dev/zero")})
    EXPECT_THAT(said_of(path), HasSubstr("not a regular file")) << path;
  std::filesystem::create_symlink(folder.path(), folder / "link");
  EXPECT_THAT(said_of(folder / "link"), HasSubstr("not a regular file"));
}

TEST(WeightPaths, AMissingFileIsTheInputsFaultAndNamed) {
  const test::TempDir folder;
  const std::string said = said_of(folder / "missing.pth");
  EXPECT_THAT(said, HasSubstr(folder / "missing.pth"));
  EXPECT_THAT(said, HasSubstr("No such file"));
  std::filesystem::create_symlink("missing.pth", folder / "dangling");
  EXPECT_THAT(said_of(folder / "dangling"), HasSubstr("No such file"));
}

/// As root every file is readable, so a child gives that up.
TEST(WeightPaths, AFileWithoutPermissionIsNamed) {
  const test::TempDir folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  write_file(folder / "secret.pth", "secret");
  std::filesystem::permissions(folder / "secret.pth", std::filesystem::perms::none);
  const test::ChildResult result = test::in_child([&]() -> std::string {
    if (::geteuid() == 0 && (::setegid(65534) != 0 || ::seteuid(65534) != 0)) return "still root";
    return said_of(folder / "secret.pth");
  });
  EXPECT_THAT(result.text, HasSubstr("Permission denied"));
  EXPECT_THAT(result.text, HasSubstr(folder / "secret.pth"));
}

TEST(WeightPaths, AnEmptyFileIsCalledEmpty) {
  const test::TempDir folder;
  write_file(folder / "empty.pth", "");
  EXPECT_THAT(said_of(folder / "empty.pth"), HasSubstr("65 "));
  EXPECT_THAT(said_of(folder / "empty.pth"), HasSubstr("empty file"));
}

TEST(WeightPaths, NamesMayHoldAnyByte) {
  const test::TempDir folder;
  for (const std::string name :
       {"two\nlines.pth", "gr\xc3\xbc\xc3\x9f.pth", "\xff\xfe.pth", "-x.pth", " "}) {
    const std::string path = folder / name;
    std::filesystem::copy_file(good_file("kinds_zip.pth"), path);
    EXPECT_EQ(test::refusal(path), "");
    write_file(path, "no weight file");
    EXPECT_THAT(said_of(path), HasSubstr("65 "));
  }
}

class ChangingFile : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { std::filesystem::copy_file(good_file(GetParam()), path_); }

  /// What reading all of a file says that is changed once it is open.
  std::string said_after(const std::function<void()>& change) {
    const WeightFile file(path_);
    change();
    try {
      test::read_everything(file);
      return "read";
    } catch (const DataError& error) {
      return error.what();
    }
  }

  const test::TempDir folder_;
  const std::string path_ = folder_ / "weights";
};

TEST_P(ChangingFile, ThatGrowsIsRefused) {
  EXPECT_EQ(said_after([] {}), "read");
  EXPECT_THAT(said_after([&] {
                std::filesystem::resize_file(path_, std::filesystem::file_size(path_) + 1);
              }),
              HasSubstr("changed"));
}

/// A memory map would end the process with a signal here.
TEST_P(ChangingFile, ThatShrinksIsRefused) {
  const std::string said = said_after([&] { std::filesystem::resize_file(path_, 100); });
  EXPECT_THAT(said, HasSubstr(path_));
  EXPECT_NE(said, "read");
}

TEST_P(ChangingFile, ThatIsWrittenToIsRefused) {
  const std::string whole = read_file(path_);
  const std::string said = said_after([&] {
    std::filesystem::last_write_time(
        path_, std::filesystem::file_time_type::clock::now() + std::chrono::seconds(5));
  });
  EXPECT_THAT(said, HasSubstr("changed"));
}

/// Others may put a new file in its place: the open one stays what it was.
TEST_P(ChangingFile, ThatIsReplacedStaysReadable) {
  EXPECT_EQ(said_after([&] { write_file(path_, "another file"); }), "read");
}

INSTANTIATE_TEST_SUITE_P(Formats, ChangingFile,
                         testing::Values("kinds_legacy.pth", "kinds_zip.pth", "kinds.safetensors"),
                         [](const auto& given) {
                           std::string name = given.param;
                           name[name.find('.')] = '_';
                           return name;
                         });

}  // namespace
}  // namespace intr
