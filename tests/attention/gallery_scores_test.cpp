// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/gallery_scores.h"

#include <gtest/gtest.h>

#include <cmath>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class GalleryScores : public ::testing::Test {
 protected:
  std::vector<GalleryScore> read(const std::string& csv) const {
    write_file(dir_ / "samples.csv", csv);
    const std::vector<std::int64_t> sample_ids = {10, 13, 16};
    return read_gallery_scores(dir_ / "samples.csv", sample_ids);
  }

  /// Expects a refusal that names the file and says this.
  void expect_refused(const std::string& csv, const std::string& text) const {
    try {
      read(csv);
      ADD_FAILURE() << "taken: " << csv;
    } catch (const DataError& error) {
      const std::string said = error.what();
      EXPECT_NE(said.find("samples.csv: line "), std::string::npos) << said;
      EXPECT_NE(said.find(text), std::string::npos) << said;
      EXPECT_NE(said.find("Next: "), std::string::npos) << said;
    }
  }

  test::TempDir dir_;
};

TEST_F(GalleryScores, JoinsByIdAndKeepsNumbersAlone) {
  const auto scores = read(
      "sample,entropy,path,lift\n"
      "16,-1.5e3,a.jpg,\n"
      "99,7,b.jpg,8\n"
      "10,0.25,12.jpg,nan\n");
  ASSERT_EQ(scores.size(), 2u);
  EXPECT_EQ(scores[0].name, "entropy");
  EXPECT_EQ(scores[0].values[0], 0.25);
  EXPECT_TRUE(std::isnan(scores[0].values[1]));  // 13 is not in the table
  EXPECT_EQ(scores[0].values[2], -1500.0);
  EXPECT_EQ(scores[1].name, "lift");
  for (const double value : scores[1].values) EXPECT_TRUE(std::isnan(value));
}

TEST_F(GalleryScores, TheFirstColumnMayBeCalledId) {
  EXPECT_EQ(read("id,a\n13,1\n")[0].values[1], 1.0);
}

TEST_F(GalleryScores, RefusesWhatIsNoSuchTable) {
  expect_refused("", "line 1: the file is empty");
  expect_refused("path,a\nx,1\n", "line 1: the first column is 'path'");
  expect_refused("sample,a\n10,1\nten,2\n", "line 3: 'ten' is no sample id");
  expect_refused("sample,a\n10,1\n1.5,2\n", "line 3: '1.5' is no sample id");
  expect_refused("sample,a\n10,1\n10,2\n", "line 3: sample 10 stands there twice");
  expect_refused("sample,a\n10,1\n13,one\n", "line 3: 'one' of the column 'a' is no number");
  expect_refused("sample,a\n10,1\n13,inf\n", "line 3: 'inf'");
  expect_refused("sample,a\n10,1,2\n", "line 2: 3 fields, the header has 2");
  expect_refused("sample,a\n11,1\n12,2\n", "none of its 2 samples is in the gallery");
  expect_refused("sample,path\n10,x\n", "no column holds numbers");
  expect_refused("sample\n10\n", "no column holds numbers");
}

TEST_F(GalleryScores, AMissingFileIsNamed) {
  EXPECT_THROW(read_gallery_scores(dir_ / "nowhere.csv", {}), DataError);
}

}  // namespace
}  // namespace intr
