// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "packed_set.h"

namespace intr {
namespace {

using test::quoted;

class LsCommandTest : public test::PackedSetTest {};

TEST_F(LsCommandTest, ListsWhatIsAskedFor) {
  test::put(root + "/train/b/9.png", test::jpeg(100));  // a JPEG under another name
  pack();
  EXPECT_EQ(on_set("ls", "--split val --class b").output,
            "val\t2\t1\tb\tb/0.jpg\nval\t3\t1\tb\tb/1.png\n");
  const std::string odd = on_set("ls", "--flag extension_mismatch --long").output;
  EXPECT_EQ(odd.substr(0, odd.find("32x24")), "train\t6\t1\tb\tb/9.png\t");
  EXPECT_NE(odd.find("\tjpeg\tRGB\textension_mismatch\n"), std::string::npos) << odd;
  EXPECT_EQ(on_set("ls", "--split val --flag animated").output, "");
}

TEST_F(LsCommandTest, PrintsAnObjectALine) {
  pack();
  const std::string lines = on_set("ls", "--json --long --split train --class a").output;
  const auto first = nlohmann::json::parse(lines.substr(0, lines.find('\n')));
  EXPECT_EQ(first["split"], "train");
  EXPECT_EQ(first["class"], "a");
  EXPECT_EQ(first["codec"], "jpeg");
  EXPECT_EQ(first["mode"], "RGB");
  EXPECT_TRUE(first["flags"].empty());
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
}

TEST_F(LsCommandTest, ShowsOddBytesPercentEncoded) {
  std::filesystem::rename(root + "/train/b", root + "/train/b\xff%");
  std::filesystem::rename(root + "/val/b", root + "/val/b\xff%");
  test::put(root + "/train/a/new\nline.jpg", test::jpeg(100));
  pack();
  EXPECT_EQ(on_set("ls", "--split val --class " + quoted("b\xff%")).output,
            "val\t2\t1\tb%FF%25\tb%FF%25/0.jpg\nval\t3\t1\tb%FF%25\tb%FF%25/1.png\n");
  EXPECT_EQ(on_set("ls", "--split val --class b%FF%25").output,
            on_set("ls", "--split val --class " + quoted("b\xff%")).output);
  EXPECT_NE(on_set("ls").output.find("\ta/new%0Aline.jpg\n"), std::string::npos);
}

TEST_F(LsCommandTest, NamesTheNearestName) {
  pack();
  expect_refused(on_set("ls", "--split vla"), 2,
                 "'vla' is no split of this set. Next: did you "
                 "mean 'val'?");
  expect_refused(on_set("ls", "--split something"), 2, "choose one of: train, val");
  expect_refused(on_set("ls", "--class finch"), 2, "choose one of: a, b");
  expect_refused(on_set("ls", "--flag animate"), 2, "did you mean 'animated'?");
}

TEST_F(LsCommandTest, RefusesWrongUseAndDamage) {
  pack();
  expect_damage_is_refused("ls", "--split val");
  expect_refused(
      test::run_program(quoted(INTR_PACK_PROGRAM) + " ls " + quoted(set) + " > /dev/full"), 78,
      "standard output: cannot write all of it: No space left on device");
}

}  // namespace
}  // namespace intr
