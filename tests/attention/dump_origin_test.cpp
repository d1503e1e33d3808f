// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_origin.h"

#include <gtest/gtest.h>

#include "intr/attention/dump_plan.h"
#include "intr/core/error.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

TEST(DumpOrigin, NamesWhatDiffers) {
  const test::TempDir dir;
  test::make_tiny_set(dir / "set");
  const DataIndex index = DataIndex::open(dir / "set", "val");
  const Transform transform{Transform::Kind::kValidation, 48};
  DumpFacts good;
  good.model_hash = "m";
  good.dataset_id = index.dataset_id();
  good.split = "val";
  good.transform = describe_transform(transform);
  EXPECT_NO_THROW(require_same_origin(good, "m", index, transform, "dump"));
  const auto refused = [&](const char* what, auto change) {
    DumpFacts facts = good;
    change(facts);
    try {
      require_same_origin(facts, "m", index, transform, "dump");
      ADD_FAILURE() << what;
    } catch (const DataError& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find(std::string("was made from another ") + what), std::string::npos) << text;
      EXPECT_EQ(text.find("dump: "), 0U) << text;
    }
  };
  refused("model", [](DumpFacts& facts) { facts.model_hash = "n"; });
  refused("data set", [](DumpFacts& facts) { facts.dataset_id = "n"; });
  refused("split", [](DumpFacts& facts) { facts.split = "train"; });
  refused("transform", [](DumpFacts& facts) { facts.transform = "{}"; });
}

TEST(DumpOrigin, ComputesInThePrecisionOfTheDump) {
  DumpFacts facts;
  facts.precision = "fp32";
  EXPECT_EQ(take_precision_of(facts, at::kCPU), at::kFloat);
  facts.precision = "tf32";  // which no CPU has
  EXPECT_THROW(take_precision_of(facts, at::kCPU), EnvironmentError);
}

}  // namespace
}  // namespace intr
