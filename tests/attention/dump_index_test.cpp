// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_index.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "intr/attention/dump_check.h"
#include "intr/attention/dump_merge.h"
#include "intr/attention/map_reader.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/json_file.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using test::SyntheticDump;
using test::TempDir;

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

void flip_first_map_byte(const std::string& path) {
  const std::uint64_t at = hdf5::File::open(path).byte_offset("/map");
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const int old = file.get();
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(old ^ 1));
}

TEST(PlanFile, ReturnsWhatWasWritten) {
  const TempDir dir;
  const DumpPlanFile written = test::write_synthetic_dump(dir / "dump", {}, false);
  const DumpPlanFile read = read_dump_plan(dir / "dump");
  EXPECT_EQ(to_json(read), to_json(written));
  EXPECT_EQ(plan_difference(read, written), "");
  EXPECT_EQ(read.num_samples(), 5);
  EXPECT_EQ(read.map_bytes(), 5U * 3 * 4 * 6 * 2);
}

TEST(PlanFile, TheFirstWinsAndDifferencesAreNamed) {
  const TempDir dir;
  DumpPlanFile plan = test::write_synthetic_dump(dir / "dump", {}, false);
  plan.facts.type = MapType::f32;
  plan.batch_size = 7;
  EXPECT_FALSE(place_dump_plan(dir / "dump", plan));
  const std::string difference = plan_difference(read_dump_plan(dir / "dump"), plan);
  EXPECT_EQ(difference,
            "dtype is \"f16\" there and \"f32\" here; batch_size is 1 there and 7 here");
}

TEST(PlanFile, IdsFollowFromTheFields) {
  const TempDir dir;
  DumpPlanFile plan = test::write_synthetic_dump(dir / "dump", {}, false);
  const DumpFacts before = plan.facts;
  plan.batch_size = 9;
  identify(plan);
  EXPECT_EQ(plan.facts.content_id, before.content_id);
  EXPECT_NE(plan.facts.plan_id, before.plan_id);
  plan.facts.queries = "all";
  identify(plan);
  EXPECT_NE(plan.facts.content_id, before.content_id);
}

TEST(PlanFile, ChangedOrDamagedFilesAreRefused) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump", {}, false);
  const std::string path = dir / "dump/plan.json";
  nlohmann::ordered_json json = read_json(path);
  json["content"]["split"] = "test";
  write_json(path, json);
  EXPECT_THROW(read_dump_plan(dir / "dump"), DataError);
  write_file(path, "{");
  EXPECT_THROW(read_dump_plan(dir / "dump"), DataError);
  std::filesystem::remove(path);
  EXPECT_THROW(read_dump_plan(dir / "dump"), DataError);
}

TEST(PlanFile, ThatOfVersionOneZeroCountsItsBytes) {
  const TempDir dir;
  const DumpPlanFile written = test::write_synthetic_dump(dir / "dump", {}, false);
  const std::string path = dir / "dump/plan.json";
  nlohmann::ordered_json json = read_json(path);
  json["format_version"] = {1, 0};
  for (auto& piece : json["pieces"]) piece.erase("bytes");
  write_json(path, json);
  EXPECT_EQ(to_json(read_dump_plan(dir / "dump")), to_json(written));
  write_dump_index(dir / "dump", read_dump_plan(dir / "dump"));
  EXPECT_EQ(joined(verify_dump(dir / "dump")), "");
}

// The ids do not cover these, and the JSON library converts most of them without a word.
TEST(PlanFile, ValuesThatCannotBeAreRefused) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump", {}, false);
  const std::string path = dir / "dump/plan.json";
  const std::string whole = read_file(path);
  const auto refusal = [&] {
    try {
      read_dump_plan(dir / "dump");
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string("read");
  };
  using Pointer = nlohmann::ordered_json::json_pointer;
  for (const char* member :
       {"/model/class_count", "/model/head_total", "/model/layer_total", "/model/stride",
        "/stored_queries", "/order/batch_size", "/order/piece_samples", "/pieces/0/map_elements",
        "/pieces/0/bytes", "/pieces/0/samples/1", "/pieces/0/samples", "/pieces/1", "/pieces",
        "/classes", "/content", "/content/dtype", "/content/layers", "/model", "/format_version"}) {
    for (const char* value : {"-1", "1.5", "true", "null", "\"f64\"", "1e300", "{\"a\": 1}",
                              "18446744073709551615", "[[1]]"}) {
      nlohmann::ordered_json json = nlohmann::ordered_json::parse(whole);
      json[Pointer(member)] = nlohmann::ordered_json::parse(value);
      write_json(path, json);
      EXPECT_NE(refusal().find("plan.json"), std::string::npos) << member << ": " << value;
    }
  }
  nlohmann::ordered_json json = nlohmann::ordered_json::parse(whole);
  json["pieces"][1]["samples"][0] = 22;  // of piece 0
  write_json(path, json);
  EXPECT_NE(refusal().find("sample 22"), std::string::npos) << refusal();
  json = nlohmann::ordered_json::parse(whole);
  json["classes"].push_back("dog");
  write_json(path, json);
  EXPECT_NE(refusal().find("names 4 classes of 3"), std::string::npos) << refusal();
  for (const std::string& text : {std::string("1e999"), std::string(5000, '{')}) {
    write_file(path, text);
    EXPECT_NE(refusal().find("plan.json"), std::string::npos) << text;
  }
}

TEST(DumpIndex, NeedsEveryPiece) {
  const TempDir dir;
  const DumpPlanFile plan = test::write_synthetic_dump(dir / "dump", {}, false);
  std::filesystem::remove(dir / "dump/piece-00001.h5");
  EXPECT_EQ(piece_trouble(dir / "dump", plan, 1, false), "missing");
  EXPECT_THROW(write_dump_index(dir / "dump", plan), DataError);
  EXPECT_FALSE(std::filesystem::exists(dir / "dump/dump.json"));
}

TEST(DumpIndex, PiecesOfAnotherPlanAreNotKept) {
  const TempDir dir;
  const DumpPlanFile plan = test::write_synthetic_dump(dir / "dump", {}, false);
  SyntheticDump other;
  other.layers = 2;
  test::write_synthetic_dump(dir / "other", other, false);
  std::filesystem::copy_file(dir / "other/piece-00000.h5", dir / "dump/piece-00000.h5",
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy_file(dir / "dump/piece-00001.h5", dir / "dump/piece-00002.h5",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_NE(piece_trouble(dir / "dump", plan, 0, false).find("layer_total"), std::string::npos);
  EXPECT_EQ(piece_trouble(dir / "dump", plan, 1, true), "");
  EXPECT_NE(piece_trouble(dir / "dump", plan, 2, false).find("is not piece 2 of 3"),
            std::string::npos);
}

TEST(DumpIndex, HashesAreCheckedOnRequest) {
  const TempDir dir;
  const DumpPlanFile plan = test::write_synthetic_dump(dir / "dump", {}, false);
  flip_first_map_byte(dir / "dump/piece-00000.h5");
  EXPECT_EQ(piece_trouble(dir / "dump", plan, 0, false), "");
  EXPECT_NE(piece_trouble(dir / "dump", plan, 0, true).find("sample 22"), std::string::npos);
  EXPECT_THROW(write_dump_index(dir / "dump", plan), DataError);
}

TEST(DumpIndex, RebuildingKeepsTheStoryOfTheRun) {
  const TempDir dir;
  const DumpPlanFile plan = test::write_synthetic_dump(dir / "dump", {}, false);
  write_dump_index(dir / "dump", plan, {{"ranks", 3}});
  write_dump_index(dir / "dump", plan);
  EXPECT_EQ(read_json(dir / "dump/dump.json").at("run").at("ranks"), 3);
}

TEST(DumpIndex, WhatIsThereOfAnUnfinishedDumpIsReadable) {
  const TempDir dir;
  const DumpPlanFile plan = test::write_synthetic_dump(dir / "dump", {}, false);
  std::filesystem::remove(dir / "dump/piece-00001.h5");
  EXPECT_THROW(MapReader::open(dir / "dump"), DataError);
  EXPECT_EQ(write_partial_index(dir / "dump", plan), 3);
  EXPECT_FALSE(std::filesystem::exists(dir / "dump/dump.json"));
  const MapReader reader = MapReader::open(dir / "dump");
  EXPECT_FALSE(reader.facts().complete);
  EXPECT_EQ(reader.facts().samples_planned, 5);
  ASSERT_EQ(reader.size(), 3);
  for (std::int64_t row = 0; row < 3; ++row) EXPECT_FALSE(reader.maps(row).empty());
  EXPECT_FALSE(dump_status(dir / "dump").finished);
  merge_into({dir / "dump"}, dir / "part.h5");
  EXPECT_FALSE(MapReader::open(dir / "part.h5").facts().complete);
  for (const char* name : {"dump/piece-00000.h5", "dump/piece-00002.h5"})
    std::filesystem::remove(dir / name);
  EXPECT_THROW(write_partial_index(dir / "dump", plan), DataError);
}

TEST(DumpIndex, APartialOneLeavesDamagedPiecesOut) {
  const TempDir dir;
  const DumpPlanFile plan = test::write_synthetic_dump(dir / "dump", {}, false);
  const std::string whole = read_file(dir / "dump/piece-00000.h5");
  flip_first_map_byte(dir / "dump/piece-00000.h5");
  EXPECT_EQ(write_partial_index(dir / "dump", plan), 3);
  EXPECT_EQ(MapReader::open(dir / "dump").size(), 3);
  write_file(dir / "dump/piece-00000.h5", whole);
  EXPECT_EQ(MapReader::open(dir / "dump").size(), 3);  // until somebody looks again
  EXPECT_FALSE(dump_status(dir / "dump").finished);
  EXPECT_EQ(write_partial_index(dir / "dump", plan), 5);
  write_dump_index(dir / "dump", plan);
  EXPECT_EQ(joined(verify_dump(dir / "dump")), "");
}

TEST(DumpIndex, APartialOneIsNeverThatOfAFinishedDump) {
  const TempDir dir;
  const DumpPlanFile plan = test::write_synthetic_dump(dir / "dump");
  const std::string whole = read_file(dir / "dump/piece-00001.h5");
  std::filesystem::remove(dir / "dump/piece-00001.h5");
  EXPECT_EQ(write_partial_index(dir / "dump", plan), 3);
  write_file(dir / "dump/piece-00001.h5", whole);
  EXPECT_FALSE(dump_status(dir / "dump").finished);
}

// A run that was killed between index.h5 and dump.json.
TEST(DumpIndex, AWholeIndexWithoutDumpJsonIsNoFinishedDump) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  std::filesystem::remove(dir / "dump/dump.json");
  EXPECT_THROW(MapReader::open(dir / "dump"), DataError);
}

// However it came about, one of the two alone is not finished, and can be mended.
TEST(DumpIndex, BothFilesMakeAFinishedDump) {
  const TempDir dir;
  const DumpPlanFile plan = test::write_synthetic_dump(dir / "dump");
  EXPECT_TRUE(dump_is_finished(dir / "dump"));
  std::filesystem::remove(dir / "dump/index.h5");
  EXPECT_FALSE(dump_is_finished(dir / "dump"));
  EXPECT_FALSE(dump_status(dir / "dump").finished);
  try {
    MapReader::open(dir / "dump");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("intr-attend merge"), std::string::npos);
  }
  write_file(dir / "dump/index.h5", "half");
  EXPECT_FALSE(dump_is_finished(dir / "dump"));
  // An index of some of the samples beside the dump.json of all.
  const std::string piece = read_file(dir / "dump/piece-00001.h5");
  const std::string dump = read_file(dir / "dump/dump.json");
  std::filesystem::remove(dir / "dump/piece-00001.h5");
  write_partial_index(dir / "dump", plan);
  write_file(dir / "dump/piece-00001.h5", piece);
  write_file(dir / "dump/dump.json", dump);
  EXPECT_FALSE(dump_is_finished(dir / "dump"));
  write_dump_index(dir / "dump", plan);
  EXPECT_TRUE(dump_is_finished(dir / "dump"));
}

// A run ends while merge --partial reads what was there.
TEST(DumpIndex, APartialIndexNeverStaysInTheWayOfAFinishedDump) {
  const TempDir dir;
  const DumpPlanFile plan = test::write_synthetic_dump(dir / "dump");
  EXPECT_EQ(write_partial_index(dir / "dump", plan), 5);
  EXPECT_TRUE(dump_is_finished(dir / "dump"));
  std::filesystem::remove(dir / "dump/dump.json");
  const std::string piece = read_file(dir / "dump/piece-00001.h5");
  flip_first_map_byte(dir / "dump/piece-00001.h5");
  EXPECT_EQ(write_partial_index(dir / "dump", plan), 3);  // the damaged piece is left out
  EXPECT_EQ(joined(verify_dump(dir / "dump")), "");       // of what is there
  write_file(dir / "dump/piece-00001.h5", piece);
  write_dump_index(dir / "dump", plan);
  EXPECT_TRUE(dump_is_finished(dir / "dump"));
  EXPECT_EQ(MapReader::open(dir / "dump").size(), 5);
}

TEST(DumpIndex, LeftoversOfKilledWritersGo) {
  const TempDir dir;
  const DumpPlanFile plan = test::write_synthetic_dump(dir / "dump");
  for (const char* name : {"piece-00002.h5", "index.h5", "dump.json", "plan.json"})
    write_file(dir / fmt::format("dump/.{}.tmp-node7-41", name), "half");
  remove_dump_leftovers(dir / "dump", plan);
  for (const auto& entry : std::filesystem::directory_iterator(dir / "dump"))
    EXPECT_EQ(entry.path().string().find(".tmp-"), std::string::npos) << entry.path();
  EXPECT_EQ(joined(verify_dump(dir / "dump")), "");
}

TEST(DumpCheck, StatusCountsPieces) {
  const TempDir dir;
  const DumpPlanFile plan = test::write_synthetic_dump(dir / "dump", {}, false);
  EXPECT_FALSE(dump_status(dir / "dump").finished);
  EXPECT_EQ(dump_status(dir / "dump").samples_done, 5);
  write_dump_index(dir / "dump", plan);
  EXPECT_TRUE(dump_status(dir / "dump").finished);
  std::filesystem::remove(dir / "dump/piece-00000.h5");
  const DumpStatus status = dump_status(dir / "dump");
  EXPECT_FALSE(status.finished);
  EXPECT_EQ(status.samples_done, 3);
  EXPECT_EQ(status.samples_planned, 5);
  EXPECT_EQ(status.pieces[0].trouble, "missing");
}

TEST(DumpCheck, ASoundDumpHasNoProblems) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  merge_into({dir / "dump"}, dir / "all.h5");
  EXPECT_EQ(joined(verify_dump(dir / "dump")), "");
  EXPECT_EQ(joined(verify_dump(dir / "all.h5")), "");
}

TEST(DumpCheck, ClassesAreThoseOfThePlan) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  nlohmann::ordered_json json = read_json(dir / "dump/plan.json");
  json["classes"][1] = "wasp";
  write_json(dir / "dump/plan.json", json);
  EXPECT_NE(joined(verify_dump(dir / "dump")).find("names other classes"), std::string::npos);
}

TEST(DumpCheck, DamageIsNamed) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  merge_into({dir / "dump"}, dir / "all.h5");
  flip_first_map_byte(dir / "dump/piece-00000.h5");
  const std::string problems = joined(verify_dump(dir / "dump"));
  EXPECT_NE(problems.find("piece-00000.h5: is not the file that dump.json lists"),
            std::string::npos)
      << problems;
  EXPECT_NE(problems.find("sample 22"), std::string::npos) << problems;
  flip_first_map_byte(dir / "all.h5");
  EXPECT_NE(joined(verify_dump(dir / "all.h5")).find("sample 10"), std::string::npos);
}

// One value changed and its hash repaired: only the sum can tell.
TEST(DumpCheck, AChangedValueWithAFreshHashIsFoundByItsSum) {
  const TempDir dir;
  test::write_synthetic_dump(dir / "dump");
  merge_into({dir / "dump"}, dir / "all.h5");
  const MapReader reader = MapReader::open(dir / "all.h5");
  std::vector<float> values = reader.maps(0);
  std::vector<std::byte> old = reader.stored(0);
  values[0] += 0.01F;
  const std::vector<std::byte> changed = encode_block(values, MapType::f16);
  std::string bytes = read_file(dir / "all.h5");
  const auto replace = [&](const void* from, const void* to, std::size_t size) {
    const std::string needle(static_cast<const char*>(from), size);
    const std::size_t at = bytes.find(needle);
    ASSERT_NE(at, std::string::npos);
    bytes.replace(at, size, static_cast<const char*>(to), size);
  };
  replace(old.data(), changed.data(), old.size());
  const std::uint64_t old_hash = xxh3_64(old);
  const std::uint64_t new_hash = xxh3_64(changed);
  replace(&old_hash, &new_hash, sizeof old_hash);
  write_file(dir / "all.h5", bytes);
  EXPECT_NE(joined(verify_dump(dir / "all.h5")).find("sample 10: a map is negative"),
            std::string::npos);
}

}  // namespace
}  // namespace intr
