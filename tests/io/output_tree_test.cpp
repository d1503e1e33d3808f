// SPDX-License-Identifier: Apache-2.0
#include "intr/io/output_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <memory>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using testing::HasSubstr;
using Content = OutputTree::Content;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

class OutputTreeTest : public testing::Test {
 protected:
  Content content(const OutputTree& tree, const std::string& path, const std::string& expected) {
    return tree.content(path, expected.size(), xxh3_64(expected));
  }
  /// The message of the DataError that writing throws.
  static std::string refusal(OutputTree& tree, const std::string& path) {
    try {
      tree.write(path, bytes_of("x"));
    } catch (const DataError& error) {
      return error.what();
    }
    return "none";
  }
  std::int64_t entries(const std::string& path) {
    return std::distance(fs::directory_iterator(path), fs::directory_iterator());
  }
  test::TempDir folder;
  std::string root = folder / "new/tree";
};

TEST_F(OutputTreeTest, WritesAnyNameAndLeavesNothingElse) {
  const std::string longest = std::string(251, 'n') + ".jpg";
  {
    OutputTree tree(root);
    for (const std::string& path : {"a/b/c.jpg"s, "a//./d \n'\".jpg"s, "bad\xff/" + longest}) {
      EXPECT_EQ(content(tree, path, "hello"), Content::kNothing);
      tree.write(path, bytes_of("hello"));
      EXPECT_EQ(content(tree, path, "hello"), Content::kSame);
    }
    tree.write("empty", {});
    tree.finish();
  }
  EXPECT_EQ(read_file(root + "/a/b/c.jpg"), "hello");
  EXPECT_EQ(read_file(root + "/a/d \n'\".jpg"), "hello");
  EXPECT_EQ(read_file(root + "/bad\xff/" + longest), "hello");
  EXPECT_EQ(read_file(root + "/empty"), "");
  EXPECT_EQ(entries(root), 3) << "a, bad, empty";
}

TEST_F(OutputTreeTest, TellsWhatIsThere) {
  OutputTree tree(root);
  tree.write("a", bytes_of("hello"));
  EXPECT_EQ(content(tree, "a", "hellp"), Content::kOther);
  EXPECT_EQ(content(tree, "a", "hello!"), Content::kOther);
  tree.write("a", bytes_of("hello!"));
  EXPECT_EQ(content(tree, "a", "hello!"), Content::kSame) << "replaced";
  fs::create_directory(root + "/folder");
  EXPECT_EQ(content(tree, "folder", "hello"), Content::kOther);
  fs::create_symlink("a", root + "/link");
  EXPECT_EQ(content(tree, "link", "hello!"), Content::kOther) << "a link is no file of ours";
  tree.write("link", bytes_of("mine"));
  EXPECT_EQ(read_file(root + "/a"), "hello!") << "the link was replaced, not followed";
  EXPECT_EQ(read_file(root + "/link"), "mine");
}

TEST_F(OutputTreeTest, NeverLeavesItsFolder) {
  const std::string outside = folder / "outside";
  fs::create_directory(outside);
  OutputTree tree(root);
  for (const std::string& path : {"../x"s, "a/../../x"s, "/tmp/x"s, ".."s, ""s, "."s, "a\0b"s})
    EXPECT_THAT(refusal(tree, path), HasSubstr("leads out of the folder")) << path;
  fs::create_directory_symlink(outside, root + "/link");
  EXPECT_THAT(refusal(tree, "link/x"),
              HasSubstr("link: a link or a file where a folder is needed"));
  EXPECT_THAT(refusal(tree, "link/deep/x"), HasSubstr("nothing is written through it"));
  EXPECT_THROW(content(tree, "link/x", "x"), DataError);
  tree.write("file", bytes_of("x"));
  EXPECT_THAT(refusal(tree, "file/x"), HasSubstr("a file where a folder is needed"));
  EXPECT_EQ(entries(outside), 0);
}

TEST_F(OutputTreeTest, AFullDiskLeavesNoPartOfAFile) {
  OutputTree tree(root);
  // The kernel refuses to let a file grow past this, as a full disk would.
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  const rlimit small{1000, old_limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_THROW(tree.write("a/big", bytes_of(std::string(5000, 'x'))), EnvironmentError);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  std::signal(SIGXFSZ, before);
  EXPECT_EQ(entries(root + "/a"), 0);
  EXPECT_EQ(entries(root + "/.intr-unfinished"), 0);
}

TEST_F(OutputTreeTest, OneWriterAFolderAndNoLeftOvers) {
  auto first = std::make_unique<OutputTree>(root);
  EXPECT_THROW(OutputTree second(root), EnvironmentError);
  first.reset();
  fs::create_directory(root + "/.intr-unfinished");
  write_file(root + "/.intr-unfinished/0", "half");  // of a killed writer
  {
    OutputTree third(root);
    third.write("a", bytes_of("whole"));
  }
  EXPECT_EQ(entries(root), 1);
  fs::remove(root + "/a");
  fs::create_directory_symlink(folder.path(), root + "/.intr-unfinished");
  EXPECT_THROW(OutputTree fourth(root), DataError) << "a link is not cleared";
}

}  // namespace
}  // namespace intr
