// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/io/json_file.h"
#include "preprocess/image_folder.h"
#include "support/temp_dir.h"
#include "tiny_source.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

void make_tree(const std::string& root, const nlohmann::json& entries) {
  fs::create_directories(root);
  for (const auto& entry : entries) {
    const std::string kind = entry[0];
    const std::string path = root + "/" + from_printable(entry[1]);
    if (kind == "folder") fs::create_directory(path);
    if (kind == "file") std::ofstream file(path);  // a name may be too long for a temporary one
    if (kind == "link") fs::create_symlink(from_printable(entry[2]), path);
  }
}

// golden/listings.json: random trees, and how os.walk and torchvision's ImageFolder list them.
TEST(ImageFolderListing, EqualsImageFolderOnRandomTrees) {
  const auto trees = read_json(INTR_LISTING_GOLDEN);
  ASSERT_GE(trees.size(), 20u);
  for (const auto& tree : trees) {
    const test::TempDir folder;
    ASSERT_NO_THROW(make_tree(folder / "source", tree.at("entries")));
    const SourceRules rules{.splits = {"train"}, .allow_empty = true};
    const Listing listing = ImageFolder(folder / "source", rules, HiddenPolicy::kKeep).scan();
    std::vector<std::string> classes;
    for (const auto& name : tree.at("classes")) classes.push_back(from_printable(name));
    EXPECT_EQ(listing.classes, classes);
    const std::vector<SourceFile>& found = listing.splits[0].files;
    ASSERT_EQ(found.size(), tree.at("files").size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto& expected = tree.at("files")[i];
      EXPECT_EQ(found[i].path, from_printable(expected[0])) << printable(found[i].path);
      EXPECT_EQ(found[i].label, expected[1].get<std::int32_t>()) << printable(found[i].path);
      EXPECT_EQ(found[i].sample_id, i);
    }
  }
}

class ImageFolderRefusal : public testing::Test {
 protected:
  ImageFolderRefusal() { test::make_tiny_source(root); }
  std::string refusal(HiddenPolicy hidden = HiddenPolicy::kRefuse) const {
    try {
      ImageFolder(root, {}, hidden).scan();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  void expect_refusal(const std::string& part) const {
    EXPECT_NE(refusal().find(part), std::string::npos) << refusal();
  }
  test::TempDir folder;
  std::string root = folder / "source";
};

TEST_F(ImageFolderRefusal, ALoopIsShownFromTheLinkToWhereItLeads) {
  fs::create_directory_symlink("..", root + "/train/a/loop");
  expect_refusal(root + "/train/a/loop: a link leads back to " + root + "/train: a loop");
  fs::remove(root + "/train/a/loop");
  fs::create_directory_symlink(root, root + "/val/b/all");
  expect_refusal("/val/b/all: a link leads back to " + root + ": a loop");
  fs::remove(root + "/val/b/all");
  fs::create_directories(root + "/train/a/deep/er");
  fs::create_directory_symlink("../../deep", root + "/train/a/deep/er/again");
  expect_refusal("/er/again: a link leads back to " + root + "/train/a/deep: a loop");
  fs::remove(root + "/train/a/deep/er/again");
  fs::create_symlink("itself", root + "/train/a/itself");
  expect_refusal("/train/a/itself: ");
}

TEST_F(ImageFolderRefusal, ALinkToAMissingFolderIsNoClassThatVanishes) {
  fs::create_symlink("/nowhere/sparrow", root + "/train/sparrow");
  expect_refusal("/train/sparrow: a link that leads nowhere");
  fs::rename(root + "/train/sparrow", root + "/train/b/more");
  expect_refusal("/train/b/more: a link that leads nowhere");
  fs::rename(root + "/train/b/more", root + "/train/b/.#lock");
  EXPECT_EQ(refusal(HiddenPolicy::kSkip), "no error");
}

TEST_F(ImageFolderRefusal, SpecialFilesAreNeverOpened) {
  ASSERT_EQ(::mkfifo((root + "/train/a/pipe.jpg").c_str(), 0644), 0);
  expect_refusal("/train/a/pipe.jpg: no regular file");
  fs::remove(root + "/train/a/pipe.jpg");
  fs::create_symlink("/dev/zero", root + "/val/a/device.png");
  expect_refusal("/val/a/device.png: no regular file");
  fs::remove(root + "/val/a/device.png");
  const int made = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = root + "/val/b/s.jpg";
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(made, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(made);
  expect_refusal("/val/b/s.jpg: no regular file");
}

TEST_F(ImageFolderRefusal, PicturesWithoutClassesAndMissingSplitsShowTheLayout) {
  const std::string layout = "Next: lay the pictures out as " + root + "/train/CLASS/picture.jpg";
  fs::remove_all(root + "/train");
  expect_refusal("/train: no such split folder. " + layout);
  test::put(root + "/train/1.jpg", "x");
  expect_refusal("/train: has no class folders. " + layout);
  fs::remove_all(root);
  fs::create_directory(root);
  expect_refusal(layout);
}

TEST_F(ImageFolderRefusal, AnyNameIsListedAndShownEscaped) {
  const std::string longest = std::string(251, 'x') + ".jpg";
  for (const std::string& name : {longest, std::string("line\nbreak.jpg"),
                                  std::string("bad\xff.jpg"), std::string("sp ace'\"$(id).jpg")})
    std::ofstream(root + "/train/a/" + name) << "x";
  const ImageFolder source(root, {}, HiddenPolicy::kRefuse);
  const Listing listing = ImageFolder(root, {}, HiddenPolicy::kRefuse).scan();
  EXPECT_EQ(listing.splits[0].files.size(), 10u);
  EXPECT_EQ(listing.splits[0].files[3].path, "a/bad\xff.jpg");
  EXPECT_EQ(source.name_of("train", listing.splits[0].files[3]), root + "/train/a/bad%FF.jpg");
  fs::remove(root + "/train/a/line\nbreak.jpg");
  fs::create_symlink("gone", root + "/train/a/line\nbreak.jpg");
  expect_refusal("/train/a/line%0Abreak.jpg: a link that leads nowhere");
}

}  // namespace
}  // namespace intr
