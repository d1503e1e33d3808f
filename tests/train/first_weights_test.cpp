// SPDX-License-Identifier: Apache-2.0
#include "intr/train/first_weights.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <set>

#include "support/colored_squares.h"
#include "support/small_state.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

ModelConfig small() {
  ModelConfig config = test::small_state_config();
  config.image_size = 48;
  return config;
}

class FirstWeightsTest : public testing::Test {
 protected:
  test::TempDir folder_;
  const DataIndex index_ = DataIndex::open(test::make_colored_squares(folder_.path()), "train");
  const ShardReader reader_{index_};
  FirstWeightsOptions options_{.transform = {.image_size = 48}};
};

TEST_F(FirstWeightsTest, CalibratesOnDifferentSamplesFromAShuffle) {
  const auto rows = calibration_rows(index_, options_);
  EXPECT_EQ(rows.size(), 18u);  // all there are
  EXPECT_EQ(std::set<std::int64_t>(rows.begin(), rows.end()).size(), 18u);
  EXPECT_NE(rows[0] * 100 + rows[1] * 10 + rows[2], 12);
  options_.calibrate_images = 5;
  EXPECT_EQ(calibration_rows(index_, options_), std::vector(rows.begin(), rows.begin() + 5));
  options_.seed = 7;
  EXPECT_NE(calibration_rows(index_, options_), std::vector(rows.begin(), rows.begin() + 5));
}

TEST_F(FirstWeightsTest, LargePicturesEndTheListEarly) {
  options_.transform.image_size = 2000;  // 4 million pixels and more a picture
  EXPECT_EQ(calibration_rows(index_, options_).size(), 8u);
}

TEST_F(FirstWeightsTest, CalibrationChangesTheNormsAlone) {
  FirstWeightsOptions plain = options_;
  plain.init = "plain";
  const TensorMap before = first_weights(small(), index_, reader_, plain);
  const TensorMap after = first_weights(small(), index_, reader_, options_);
  std::int64_t changed = 0;
  for (const auto& [name, tensor] : before) {
    if (torch::equal(tensor, after.at(name))) continue;
    ++changed;
    EXPECT_NE(name.find("running_"), std::string::npos) << name;
  }
  EXPECT_GT(changed, 20);
}

}  // namespace
}  // namespace intr
