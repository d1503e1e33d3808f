// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/summary.h"

#include <gtest/gtest.h>

#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

TEST(Summary, TableAndNumbers) {
  const test::TempDir folder;
  test::SyntheticDump dump;
  dump.num_samples = 3;
  dump.classes = {"ant, red", "bee \"B\"", "cat"};
  test::write_synthetic_dump(folder / "dump", dump);
  const MapReader reader = MapReader::open(folder / "dump");
  const std::vector<std::int64_t> rows = {0, 1, 2};
  const std::string csv = summary_csv(reader, rows, [](const DumpSample& sample) {
    return sample.sample_id == 10 ? "here.png" : "";
  });
  EXPECT_EQ(csv,
            "id,path,true,predicted,right,rank,probability,margin,picture\n"
            "10,\"ant, red/picture 0.jpg\",\"ant, red\",\"ant, red\",1,1,0.50648,0.5,here.png\n"
            "13,\"bee \"\"B\"\"/picture 1.jpg\",\"bee \"\"B\"\"\",cat,0,3,0.50648,0.5,\n"
            "16,cat/picture 2.jpg,,cat,,,0.50648,0.5,\n");
  const auto numbers = summary_json(reader, rows);
  EXPECT_EQ(numbers["n"], 3);
  EXPECT_EQ(numbers["labeled"], 2);
  EXPECT_EQ(numbers["hits"], 1);
  EXPECT_EQ(numbers["accuracy"], 0.5);
  ASSERT_EQ(numbers["confusions"].size(), 1u);
  EXPECT_EQ(numbers["confusions"][0]["predicted"], "cat");
  const std::vector<std::int64_t> unlabeled = {2};
  EXPECT_TRUE(summary_json(reader, unlabeled)["accuracy"].is_null());
}

}  // namespace
}  // namespace intr
