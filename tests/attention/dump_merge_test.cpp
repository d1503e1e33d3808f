// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_merge.h"

#include <gtest/gtest.h>

#include "intr/attention/dump_check.h"
#include "intr/attention/map_reader.h"
#include "intr/core/error.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using test::SyntheticDump;
using test::TempDir;

template <class E>
std::string refusal(const std::vector<std::string>& dumps, const std::string& file) {
  try {
    merge_into(dumps, file);
  } catch (const E& error) {
    return error.what();
  }
  return "";
}

TEST(DumpMerge, RefusesToOverwrite) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  merge_into({dir / "dump"}, dir / "all.h5");
  EXPECT_NE(refusal<UsageError>({dir / "dump"}, dir / "all.h5").find("is there already"),
            std::string::npos);
}

TEST(DumpMerge, JoinsDumpsOfDifferentSamples) {
  const TempDir dir;
  SyntheticDump odd;   // ids 10, 13, …
  SyntheticDump even;  // ids 11, 14, …: between those of the other
  even.first_id = 11;
  even.weight = [](const DumpSample&, std::int64_t, std::int64_t, std::int64_t, std::int64_t row,
                   std::int64_t column) { return row + column == 0 ? 9.0 : 0.1; };
  test::write_synthetic_dump(dir / "odd", odd);
  test::write_synthetic_dump(dir / "even", even);
  merge_into({dir / "even", dir / "odd"}, dir / "both.h5");
  merge_into({dir / "odd"}, dir / "odd.h5");
  merge_into({dir / "odd.h5", dir / "even"}, dir / "both-again.h5");
  EXPECT_TRUE(read_file(dir / "both.h5") == read_file(dir / "both-again.h5"));
  EXPECT_TRUE(verify_dump(dir / "both.h5").empty());
  const MapReader both = MapReader::open(dir / "both.h5");
  const MapReader a = MapReader::open(dir / "odd"), b = MapReader::open(dir / "even");
  ASSERT_EQ(both.size(), 10);
  for (std::int64_t row = 0; row < 5; ++row) {
    EXPECT_EQ(both.sample(2 * row), a.sample(row));
    EXPECT_EQ(both.sample(2 * row + 1), b.sample(row));
    EXPECT_TRUE(both.stored(2 * row) == a.stored(row));
    EXPECT_TRUE(both.stored(2 * row + 1) == b.stored(row));
  }
  EXPECT_TRUE(both.facts().complete);
  EXPECT_NE(both.facts().content_id, a.facts().content_id);
  EXPECT_GT(both.facts().peak_p99, a.facts().peak_p99);
  EXPECT_FLOAT_EQ(static_cast<float>(both.facts().peak_p99),
                  static_cast<float>(b.facts().peak_p99));
}

TEST(DumpMerge, RefusesWhatDoesNotFitTogether) {
  const TempDir dir;
  SyntheticDump other;
  other.first_id = 11;
  other.type = MapType::f32;
  test::write_synthetic_dump(dir / "one");
  test::write_synthetic_dump(dir / "other", other);
  EXPECT_NE(refusal<UsageError>({dir / "one", dir / "other"}, dir / "all.h5").find("dtype"),
            std::string::npos);
  const std::string twice = refusal<DataError>({dir / "one", dir / "one"}, dir / "all.h5");
  EXPECT_NE(twice.find("sample 10 is in"), std::string::npos) << twice;
  EXPECT_FALSE(std::filesystem::exists(dir / "all.h5"));
}

}  // namespace
}  // namespace intr
