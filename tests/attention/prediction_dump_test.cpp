// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/prediction_dump.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "intr/attention/dump_check.h"
#include "intr/attention/map_reader.h"
#include "intr/core/error.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

TEST(PredictionDump, HoldsThePicturesInTheirOrder) {
  const test::TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  const MapReader reader = MapReader::open(dir / "dump");
  DumpFacts facts = reader.facts();
  facts.type = MapType::f32;
  PredictionDump dump(dir / "new/all.h5", facts);
  make_folder(dir / "new");
  for (const std::int64_t row : {3, 0, 4, 1}) {  // one picture was bad
    MapRecord record{reader.sample(row), {}};
    record.blocks[MapField::kMap] = encode_block(reader.maps(row), MapType::f32);
    dump.add(std::move(record));
  }
  dump.write();
  EXPECT_TRUE(verify_dump(dir / "new/all.h5").empty());
  const MapReader made = MapReader::open(dir / "new/all.h5");
  ASSERT_EQ(made.size(), 4);
  EXPECT_EQ(made.facts().split, "pictures");
  EXPECT_EQ(made.facts().type, MapType::f16);
  EXPECT_GT(made.facts().peak_p99, 0);
  for (const auto& [here, there] : {std::pair{0, 0}, {1, 1}, {2, 3}, {3, 4}}) {
    EXPECT_EQ(made.sample(here), reader.sample(there));
    EXPECT_TRUE(made.stored(here) == reader.stored(there));
  }
  EXPECT_THROW(PredictionDump(dir / "new/all.h5", facts), UsageError);
}

TEST(PredictionDump, NoGoodPictureNoFile) {
  const test::TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  PredictionDump dump(dir / "all.h5", MapReader::open(dir / "dump").facts());
  dump.write();
  EXPECT_FALSE(std::filesystem::exists(dir / "all.h5"));
}

}  // namespace
}  // namespace intr
