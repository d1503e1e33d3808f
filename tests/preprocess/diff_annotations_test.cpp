// SPDX-License-Identifier: Apache-2.0
// diff where pictures are equal and what is known of them is not.
#include <filesystem>

#include "packed_set.h"
#include "tiny_cub.h"

namespace intr {
namespace {

using test::ProgramResult;
using test::quoted;

class DiffAnnotationsTest : public test::PackedSetTest {
 protected:
  DiffAnnotationsTest() {
    test::make_tiny_cub(cub);
    const ProgramResult packed = run("pack " + quoted(cub) + " --out " + quoted(set) + " --quiet");
    EXPECT_EQ(packed.exit_code, 0) << packed.errors;
  }
  void replace(const std::string& file, const std::string& from, const std::string& to) {
    std::string text = read_file(cub + "/" + file);
    const std::size_t place = text.find(from);
    ASSERT_NE(place, std::string::npos);
    write_file(cub + "/" + file, text.replace(place, from.size(), to));
  }
  /// Status 1, and the picture and what of it differs are named.
  void expect_differs(const std::string& path, const std::string& what) {
    const ProgramResult result = on_set("diff", quoted(cub) + " --quiet");
    EXPECT_EQ(result.exit_code, 1) << result.output << result.errors;
    EXPECT_NE(result.output.find(path), std::string::npos) << result.output;
    EXPECT_NE(result.output.find(what), std::string::npos) << result.output;
  }
  const std::string cub = folder / "cub";
};

TEST_F(DiffAnnotationsTest, AnotherBoxIsADifference) {
  replace("bounding_boxes.txt", "3 1.0 1.0 5.0 5.0", "3 1.0 1.0 5.0 6.0");
  expect_differs("train/002.Finch/10.jpg", "box");
}

TEST_F(DiffAnnotationsTest, AnotherPartIsADifference) {
  replace("parts/part_locs.txt", "2 1 3.0 4.5 1", "2 1 3.0 4.0 1");
  expect_differs("val/001.Crow/b.jpg", "part");
}

}  // namespace
}  // namespace intr
