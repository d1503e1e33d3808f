// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/confusions.h"

#include <gtest/gtest.h>

#include <numeric>

#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

TEST(Confusions, MostFrequentFirst) {
  const test::TempDir folder;
  test::SyntheticDump dump;
  dump.num_samples = 11;  // samples 1, 3, 5, 7, 9 are wrong: labels 1, 0, 2, 1, 0
  test::write_synthetic_dump(folder / "dump", dump);
  const MapReader reader = MapReader::open(folder / "dump");
  std::vector<std::int64_t> rows(11);
  std::iota(rows.begin(), rows.end(), 0);
  const std::vector<Confusion> all = confusions_of(reader, rows);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].pair, (ClassPair{0, 1}));
  EXPECT_EQ(all[0].count, 2);
  EXPECT_EQ(all[1].pair, (ClassPair{1, 2}));
  EXPECT_EQ(all[2].pair, (ClassPair{2, 0}));
  EXPECT_EQ(all[2].count, 1);
}

}  // namespace
}  // namespace intr
