// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_writer.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "intr/attention/map_file.h"
#include "intr/attention/piece_queue.h"
#include "intr/core/error.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using test::SyntheticDump;
using test::TempDir;

std::vector<MapRecord> records_of(const SyntheticDump& dump) {
  std::vector<MapRecord> records;
  for (std::int64_t i = 0; i < dump.num_samples; ++i) {
    records.push_back(test::synthetic_record(dump, test::synthetic_sample(dump, i)));
  }
  return records;
}

std::int64_t files_in(const std::string& folder) {
  const std::filesystem::directory_iterator all(folder);
  return std::distance(begin(all), end(all));
}

TEST(MapWriter, APieceAppearsWholeAndRemovesLeftovers) {
  const TempDir dir;
  const DumpFacts facts = test::write_synthetic_dump(dir / "dump").facts;
  write_file(dir / "dump/.piece-00002.h5.tmp-old", "half a piece");
  std::filesystem::remove(dir / "dump/piece-00002.h5");
  const std::int64_t before = files_in(dir / "dump");
  write_piece(dir / "dump", facts, 2, 3, {records_of({})[0]});
  EXPECT_EQ(files_in(dir / "dump"), before);  // one left, one came
  const MapFile file = MapFile::open(dir / "dump/piece-00002.h5");
  EXPECT_EQ(file.table().piece, 2U);
  EXPECT_EQ(file.table().piece_count, 3U);
  EXPECT_EQ(file.table().facts.plan_id, facts.plan_id);
  EXPECT_GE(file.table().facts.sum_min, 0.998F);
  EXPECT_LE(file.table().facts.sum_max, 1.002F);
}

// Another job at the same piece was faster, and removes what this one is writing.
TEST(MapWriter, APieceThatAnotherJobPutInPlaceIsGoodEnough) {
  const TempDir dir;
  const DumpFacts facts = test::write_synthetic_dump(dir / "dump").facts;
  const std::string path = dir / "dump/piece-00002.h5";
  const MapRecord record = records_of({})[4];
  std::atomic<bool> ended = false;
  std::thread other([&] {
    while (!ended) remove_leftovers(path);
  });
  for (int i = 0; i < 50; ++i) write_piece(dir / "dump", facts, 2, 3, {record});
  ended = true;
  other.join();
  check_map_file(path);
  EXPECT_THROW(write_piece(dir / "nothing", facts, 2, 3, {record}), EnvironmentError);
}

TEST(MapWriter, MapsThatDoNotSumToOneAreOurBug) {
  const TempDir dir;
  const DumpFacts facts = test::write_synthetic_dump(dir / "dump").facts;
  MapRecord record = records_of({})[0];
  std::vector<std::byte>& block = record.blocks[MapField::kMap];
  std::vector<float> values = decode_block(block, MapType::f16);
  values[0] += 0.25F;
  block = encode_block(values, MapType::f16);
  const std::int64_t before = files_in(dir / "dump");
  EXPECT_THROW(write_piece(dir / "dump", facts, 7, 8, {record}), InternalError);
  block.pop_back();
  block.pop_back();
  EXPECT_THROW(write_piece(dir / "dump", facts, 7, 8, {record}), InternalError);
  EXPECT_EQ(files_in(dir / "dump"), before);
}

TEST(MapWriter, AllLogitsAreKeptIfGiven) {
  const TempDir dir;
  SyntheticDump dump;
  dump.adjust = [](DumpSample& sample) { sample.logits_all = {1, 2, 3.5F}; };
  test::write_synthetic_dump(dir / "dump", dump);
  const MapFile file = MapFile::open(dir / "dump/index.h5");
  EXPECT_EQ(file.table().samples[4].logits_all, (std::vector<float>{1, 2, 3.5F}));
}

TEST(PieceQueue, WritesEverythingInTheBackground) {
  const TempDir dir;
  const DumpFacts facts = test::write_synthetic_dump(dir / "dump").facts;
  make_folder(dir / "out");
  {
    PieceQueue queue(dir / "out", facts, 5);
    for (std::uint32_t i = 0; i < 5; ++i) queue.push(i, {records_of({})[i]});
    queue.finish();
    EXPECT_EQ(files_in(dir / "out"), 5);
  }
  for (std::uint32_t i = 0; i < 5; ++i) check_map_file(dir / "out" + ("/" + piece_file_name(i)));
}

TEST(PieceQueue, ErrorsReachTheOwner) {
  const TempDir dir;
  const DumpFacts facts = test::write_synthetic_dump(dir / "dump").facts;
  PieceQueue queue(dir / "no such folder", facts, 2);
  queue.push(0, {records_of({})[0]});
  EXPECT_THROW(queue.finish(), EnvironmentError);
  EXPECT_THROW(queue.push(1, {records_of({})[1]}), EnvironmentError);
}

}  // namespace
}  // namespace intr
