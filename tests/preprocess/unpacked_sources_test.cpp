// SPDX-License-Identifier: Apache-2.0
// What was packed from a CUB-200-2011 layout or a CSV file comes back, and is compared with it.
#include <filesystem>

#include "packed_set.h"
#include "tiny_cub.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::Files;
using test::ProgramResult;
using test::quoted;

class UnpackedSourcesTest : public test::PackedSetTest {
 protected:
  void pack_from(const std::string& source, const std::string& more = "") {
    const ProgramResult packed =
        run("pack " + quoted(source) + " --out " + quoted(set) + " --quiet " + more);
    ASSERT_EQ(packed.exit_code, 0) << packed.errors;
  }
  /// The tree that unpack writes: path -> bytes.
  Files unpacked() {
    const std::string out = folder / "out";
    const ProgramResult result = on_set("unpack", "--out " + quoted(out));
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return test::contents(out);
  }
  void expect_equal(const std::string& source, const std::string& counts) {
    const ProgramResult result = on_set("diff", quoted(source) + " --quiet");
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(result.output, counts) << "not a line for a difference";
    EXPECT_EQ(result.errors, "");
  }
};

TEST_F(UnpackedSourcesTest, CubComesBackAsAnImageFolder) {
  const std::string cub = folder / "cub";
  test::make_tiny_cub(cub);
  pack_from(cub);
  Files expected;
  for (const char* path : {"train/001.Crow/a.jpg", "train/001.Crow/B.jpg", "train/002.Finch/10.jpg",
                           "val/001.Crow/b.jpg", "val/002.Finch/2.jpg"}) {
    const std::string text = path;
    expected[text] = read_file(cub + "/images/" + text.substr(text.find('/') + 1));
  }
  EXPECT_EQ(unpacked(), expected);
  const std::string listed = on_set("ls", "--long").output;
  fs::remove_all(set);
  pack_from(folder / "out");
  EXPECT_EQ(on_set("ls", "--long").output, listed) << "the tree packs to the same samples";
}

TEST_F(UnpackedSourcesTest, ACsvFileComesBackBelowItsSplits) {
  Files expected;
  std::string rows = "path,label,split,box_x,box_y,box_width,box_height\n";
  int number = 0;
  for (const char* split : {"train", "val"})
    for (const char* label : {"crow", "wren"})
      for (const std::string& name : {std::string("odd, name"), std::string("deep/er")}) {
        const std::string path = fmt::format("{}/{} {}.jpg", label, name, ++number);
        expected[split + ("/" + path)] = test::jpeg(number);
        test::put(folder / ("csv/" + path), test::jpeg(number));
        rows += fmt::format("\"{}\",{},{},1,2,3,4\n", path, label, split);
      }
  test::put(folder / "csv/list.csv", rows);
  pack_from(folder / "csv/list.csv");
  EXPECT_EQ(unpacked(), expected);
  expect_equal(folder / "csv/list.csv", "8 files are equal\n");
}

TEST_F(UnpackedSourcesTest, DiffReadsCub) {
  const std::string cub = folder / "cub";
  test::make_tiny_cub(cub);
  pack_from(cub);
  const ProgramResult same = on_set("diff", quoted(cub));
  EXPECT_EQ(same.exit_code, 0) << same.errors;
  EXPECT_EQ(same.output, "5 files are equal\n");
  test::put(cub + "/images/002.Finch/2.jpg", test::jpeg(90));
  const ProgramResult changed = on_set("diff", quoted(cub) + " --quiet");
  EXPECT_EQ(changed.exit_code, 1) << changed.errors;
  EXPECT_EQ(changed.output,
            "changed    val/002.Finch/2.jpg (sample 1)\n4 files are equal, 1 changed\n");
}

}  // namespace
}  // namespace intr
