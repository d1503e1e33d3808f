// SPDX-License-Identifier: Apache-2.0
// Sources as a user packs them: intr-pack decides what each is.
#include <gtest/gtest.h>

#include <cmath>

#include "intr/data/data_index.h"
#include "intr/io/hdf5.h"
#include "support/run_program.h"
#include "support/temp_dir.h"
#include "tiny_cub.h"

namespace intr {
namespace {

using test::ProgramResult;

class SourceProgramTest : public testing::Test {
 protected:
  ProgramResult run(const std::string& words) {
    return test::run_program(test::quoted(INTR_PACK_PROGRAM) + " " + words);
  }
  std::string pack(const std::string& source, const std::string& set,
                   const std::string& options = {}) {
    const ProgramResult packed = run("pack " + test::quoted(source) + " --out " +
                                     test::quoted(folder_ / set) + " " + options);
    EXPECT_EQ(packed.exit_code, 0) << packed.errors;
    return packed.errors;
  }
  std::string list(const std::string& set) {
    return run("ls " + test::quoted(folder_ / set)).output;
  }
  test::TempDir folder_;
};

TEST_F(SourceProgramTest, BothWaysOfPackingCubGiveEqualIds) {
  const std::string cub = folder_ / "cub", plain = folder_ / "plain";
  test::make_tiny_cub(cub);
  test::make_folder_of_tiny_cub(cub, plain);
  const std::string said = pack(cub, "a");
  EXPECT_NE(said.find("is read as the layout of CUB-200-2011"), std::string::npos) << said;
  EXPECT_NE(
      said.find(
          "1 boxes of split train reach out of their pictures, the first that of 001.Crow/B.jpg"),
      std::string::npos)
      << said;
  EXPECT_NE(pack(plain, "b").find("is read as an image folder"), std::string::npos);
  EXPECT_EQ(list("a"), list("b"));
  EXPECT_EQ(run("verify " + test::quoted(folder_ / "a") + " --level decode").exit_code, 0);

  for (const char* name : {"a/train-00000-of-00001.h5", "a/train.index.h5"}) {
    const hdf5::File file = hdf5::File::open(folder_ / name);
    EXPECT_EQ(file.shape("/box"), (hdf5::Shape{3, 4})) << name;
    EXPECT_EQ(file.shape("/part_xy"), (hdf5::Shape{3, 2, 2})) << name;
    EXPECT_EQ(file.read_strings("/part_names"), (std::vector<std::string>{"left wing", "beak"}));
    const auto box = file.read<float>("/box");  // rows: B.jpg, a.jpg, 10.jpg
    EXPECT_EQ(box[2], 99.0F);
    EXPECT_EQ(box[4], 1.5F);
  }
}

TEST_F(SourceProgramTest, ACsvFileWithItsBoxes) {
  for (int i = 0; i < 3; ++i)
    test::put(folder_ / ("p/" + std::to_string(i) + ".jpg"), test::jpeg(i));
  test::put(folder_ / "list.csv",
            "path,label,split,box_x,box_y,box_width,box_height\np/2.jpg,9,train,1,2,3,4\np/"
            "0.jpg,10,train,,,,\np/1.jpg,9,val,,,,\n");
  const std::string said = pack(folder_ / "list.csv", "set", "--allow-empty");
  EXPECT_NE(said.find("is read as a CSV file"), std::string::npos) << said;
  EXPECT_EQ(list("set"),
            "train\t0\t0\t9\tp/2.jpg\ntrain\t1\t1\t10\tp/0.jpg\nval\t0\t0\t9\tp/1.jpg\n");
  const DataIndex index = DataIndex::open(folder_ / "set", "train");
  EXPECT_EQ(index.columns().box[3], 4.0F);
  EXPECT_TRUE(std::isnan(index.columns().box[4]));
}

TEST_F(SourceProgramTest, AnnotationsOfAnySource) {
  const std::string plain = folder_ / "plain";
  test::make_tiny_source(plain);
  test::put(folder_ / "boxes.csv", "path,x,y,width,height\ntrain/a/0.jpg,1,1,5,5\n");
  test::put(folder_ / "parts.csv", "path,part,x,y,visible\ntrain/b/1.png,beak,7,8,1\n");
  const std::string options = "--boxes " + test::quoted(folder_ / "boxes.csv") + " --parts " +
                              test::quoted(folder_ / "parts.csv");
  pack(plain, "set", options);
  const DataIndex index = DataIndex::open(folder_ / "set", "train");
  EXPECT_EQ(index.columns().box[2], 5.0F);
  EXPECT_EQ(index.columns().part_visible, (std::vector<std::uint8_t>{0, 0, 0, 0, 1, 0}));
  // Other boxes are another packing.
  test::put(folder_ / "boxes.csv", "path,x,y,width,height\ntrain/a/0.jpg,1,1,5,6\n");
  EXPECT_EQ(
      run("pack " + test::quoted(plain) + " --out " + test::quoted(folder_ / "set") + " " + options)
          .exit_code,
      2);
  test::put(folder_ / "boxes.csv", "path,x,y,width,height\na/9.jpg,1,1,5,5\n");
  EXPECT_EQ(run("pack " + test::quoted(plain) + " --out " + test::quoted(folder_ / "other") + " " +
                options)
                .exit_code,
            65);
}

TEST_F(SourceProgramTest, OptionsOfOtherSourcesAreRefused) {
  test::make_tiny_source(folder_ / "plain");
  for (const char* option : {"--root x", "--split train", "--source zip", "--splits train,a/b"})
    EXPECT_EQ(run("pack " + test::quoted(folder_ / "plain") + " --out " +
                  test::quoted(folder_ / "set") + " " + option)
                  .exit_code,
              2)
        << option;
}

}  // namespace
}  // namespace intr
