// SPDX-License-Identifier: Apache-2.0
#include "preprocess/image_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "intr/core/error.h"
#include "support/temp_dir.h"
#include "tiny_source.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

class ImageFolderTest : public testing::Test {
 protected:
  Listing scan(SourceRules rules = {}, HiddenPolicy hidden = HiddenPolicy::kRefuse) {
    return ImageFolder(root, std::move(rules), hidden).scan();
  }
  std::string refusal(SourceRules rules = {}, HiddenPolicy hidden = HiddenPolicy::kRefuse) {
    try {
      scan(std::move(rules), hidden);
    } catch (const DataError& error) {
      return error.what();
    }
    return "no error";
  }
  static std::vector<std::string> paths(const SourceSplit& split) {
    std::vector<std::string> result;
    for (const SourceFile& file : split.files) result.push_back(file.path);
    return result;
  }
  void put(const std::string& path, const std::string& contents = "x") {
    test::put(root + "/" + path, contents);
  }
  test::TempDir folder;
  std::string root = folder / "source";
};

TEST_F(ImageFolderTest, OrdersAsImageFolderDoes) {
  // Classes by code point; folders by full path ('-' < '/'), files before their subfolders' files.
  for (const char* path : {"train/B/2.jpg", "train/B/10.jpg", "train/B/b/z/1.png",
                           "train/B/b/0.JPEG", "train/B/b-/5.webp", "train/B/a dir.jpg/9.ppm",
                           "train/001/.webp", "train/b/x.tiff", "train/é/x.bmp"})
    put(path);
  put("train/B/notes.txt");
  put("train/B/movie.gif");
  put("train/B/README");
  put("train/plain.jpg");
  const Listing listing = scan({.splits = {"train"}}, HiddenPolicy::kKeep);
  EXPECT_EQ(listing.classes, (std::vector<std::string>{"001", "B", "b", "é"}));
  EXPECT_EQ(paths(listing.splits[0]),
            (std::vector<std::string>{"001/.webp", "B/10.jpg", "B/2.jpg", "B/a dir.jpg/9.ppm",
                                      "B/b/0.JPEG", "B/b-/5.webp", "B/b/z/1.png", "b/x.tiff",
                                      "é/x.bmp"}));
  EXPECT_EQ(listing.splits[0].files[1].label, 1);
  EXPECT_EQ(listing.splits[0].files[1].sample_id, 1u);
  EXPECT_EQ(listing.splits[0].files[1].size, 1u);
  EXPECT_EQ(listing.not_listed,
            (std::map<std::string, std::int64_t>{{".gif", 1}, {".txt", 1}, {"none", 1}}));
  ASSERT_EQ(listing.warnings.size(), 1u) << "B and b";
}

TEST_F(ImageFolderTest, MissingFoldersAreNamedWithTheLayout) {
  EXPECT_NE(refusal().find("no such folder. Next: lay the pictures out as"), std::string::npos);
  put("train/a/1.jpg");
  EXPECT_NE(refusal().find("source/val: no such split folder"), std::string::npos) << refusal();
  put("val/1.jpg");
  EXPECT_NE(refusal().find("source/val: has no class folders"), std::string::npos) << refusal();
}

TEST_F(ImageFolderTest, AnEmptyClassIsNamed) {
  test::make_tiny_source(root);
  fs::create_directory(root + "/train/c");
  fs::create_directory(root + "/val/c");
  EXPECT_NE(refusal().find("classes without pictures in split 'train': c"), std::string::npos);
  EXPECT_EQ(scan({.allow_empty = true}).classes.size(), 3u);
}

TEST_F(ImageFolderTest, AClassThatOneSplitLacksIsRefusedWithBothLists) {
  test::make_tiny_source(root);
  put("val/new bird/1.jpg");
  const std::string message = refusal();
  EXPECT_NE(message.find("Only in val: new bird"), std::string::npos) << message;
  EXPECT_NE(message.find("train has: a, b. val has: a, b, new bird"), std::string::npos) << message;
  const SourceRules named{.classes = {"new bird", "b", "a"}, .allow_empty = true};
  const Listing listing = scan(named);
  EXPECT_EQ(listing.classes, named.classes);
  EXPECT_EQ(listing.splits[1].files.front().path, "new bird/1.jpg");
  EXPECT_EQ(listing.splits[1].files.back().label, 2);
  EXPECT_NE(refusal({.classes = {"a", "b"}}).find("--classes does not name: new bird"),
            std::string::npos);
}

TEST_F(ImageFolderTest, HiddenNamesNeedADecision) {
  test::make_tiny_source(root);
  put("train/.ipynb_checkpoints/1.jpg");
  put("train/a/._0.jpg");
  EXPECT_NE(refusal().find("hidden names: "), std::string::npos) << refusal();
  EXPECT_NE(refusal().find(".ipynb_checkpoints"), std::string::npos);
  EXPECT_NE(refusal().find("._0.jpg"), std::string::npos);
  EXPECT_EQ(scan({}, HiddenPolicy::kSkip).splits[0].files.size(), 6u);
  fs::remove_all(root + "/train/.ipynb_checkpoints");
  EXPECT_EQ(scan({}, HiddenPolicy::kKeep).splits[0].files.size(), 7u);
}

TEST_F(ImageFolderTest, FollowsLinksButNoLoops) {
  test::make_tiny_source(root);
  fs::create_directory_symlink(root + "/train/a", root + "/train/b/more");
  EXPECT_EQ(scan().splits[0].files.size(), 9u);
  fs::create_directory_symlink("..", root + "/train/a/up");
  EXPECT_NE(refusal().find("a loop without end"), std::string::npos) << refusal();
}

TEST_F(ImageFolderTest, SpecialFilesAndDanglingLinksAreRefused) {
  test::make_tiny_source(root);
  ASSERT_EQ(::mkfifo((root + "/train/a/pipe.jpg").c_str(), 0644), 0);
  EXPECT_NE(refusal().find("pipe.jpg: no regular file"), std::string::npos) << refusal();
  fs::remove(root + "/train/a/pipe.jpg");
  fs::create_symlink("nowhere", root + "/train/a/link.png");
  EXPECT_NE(refusal().find("link.png: a link that leads nowhere"), std::string::npos);
}

TEST_F(ImageFolderTest, AFileThatChangesAfterTheScanIsNamed) {
  test::make_tiny_source(root);
  ImageFolder source(root, {}, HiddenPolicy::kRefuse);
  const Listing listing = source.scan();
  const SourceFile& file = listing.splits[0].files[0];
  EXPECT_EQ(test::text_of(source.load("train", file).bytes), test::jpeg(0));
  put("train/" + file.path, "something else");
  EXPECT_THROW(source.load("train", file), DataError);
}

}  // namespace
}  // namespace intr
