// SPDX-License-Identifier: Apache-2.0
#include "intr/image/picture_files.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

class PictureFiles : public testing::Test {
 protected:
  void touch(const std::string& name) const {
    make_folder(fs::path(dir_ / name).parent_path().string());
    write_file(dir_ / name, "");
  }
  Names names(const std::vector<std::string>& words) const {
    Names names;
    for (const PictureFile& file : find_pictures(words)) names.push_back(file.name);
    return names;
  }
  test::TempDir dir_;
};

TEST(PictureExtension, EndsCountInAnyCase) {
  for (const char* name : {"a.jpg", "a.JPEG", "a.b.Png", "a.webp", "a.TIF"})
    EXPECT_TRUE(has_picture_extension(name)) << name;
  for (const char* name : {"a", "jpg", "a.jpg.txt", "a.gif"})
    EXPECT_FALSE(has_picture_extension(name)) << name;
}

TEST_F(PictureFiles, AFolderGivesWhatLiesBelowInTheOrderOfASplit) {
  // By whole paths "a b" would come first: a space sorts before a slash.
  for (const char* name :
       {"in/a b/1.jpg", "in/a/2.jpg", "in/a/10.jpg", "in/a/sub/0.PNG", "in/top.png",
        "in/\xC3\xA9/3.jpg", "in/notes.txt", "in/.hidden.jpg", "in/.git/4.jpg"})
    touch(name);
  EXPECT_EQ(names({dir_ / "in"}), (Names{"top.png", "a/10.jpg", "a/2.jpg", "a/sub/0.PNG",
                                         "a b/1.jpg", "\xC3\xA9/3.jpg"}));
  EXPECT_EQ(find_pictures({dir_ / "in//"})[1].path, dir_ / "in/a/10.jpg");
}

TEST_F(PictureFiles, FilesAreTakenAsTheyAreNamedAndAsOften) {
  touch("x/photo");
  touch("in/b.png");
  const std::string photo = dir_ / "x/photo";
  EXPECT_EQ(names({photo, dir_ / "in", photo, dir_ / "gone.jpg"}),
            (Names{"photo", "b.png", "photo", "gone.jpg"}));
}

TEST_F(PictureFiles, AListNamesFilesAndFolders) {
  touch("in/b.png");
  write_file(dir_ / "list", (dir_ / "c.jpg") + "\r\n\n" + (dir_ / "in") + "\n");
  EXPECT_EQ(names({std::string("@").append(dir_ / "list")}), (Names{"c.jpg", "b.png"}));
  EXPECT_THROW(find_pictures({std::string("@").append(dir_ / "none")}), DataError);
}

TEST_F(PictureFiles, LinksAreFollowedButNotForEver) {
  touch("far/c.jpg");
  touch("in/a.jpg");
  fs::create_directory_symlink(dir_ / "far", dir_ / "in/link");
  EXPECT_EQ(names({dir_ / "in"}), (Names{"a.jpg", "link/c.jpg"}));
  fs::create_directory_symlink(dir_ / "in", dir_ / "far/back");
  EXPECT_THROW(find_pictures({dir_ / "in"}), DataError);
}

TEST_F(PictureFiles, AFolderWithoutPicturesIsRefused) {
  touch("in/notes.txt");
  EXPECT_THROW(find_pictures({dir_ / "in"}), DataError);
}

}  // namespace
}  // namespace intr
