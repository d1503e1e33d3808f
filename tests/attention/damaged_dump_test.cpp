// SPDX-License-Identifier: Apache-2.0
/// Cuts and flipped bytes in every kind of file of a dump that stores everything.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "attention/signed_file.h"
#include "intr/attention/dump_check.h"
#include "intr/attention/dump_index.h"
#include "intr/attention/dump_merge.h"
#include "intr/attention/map_file.h"
#include "intr/attention/map_reader.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/json_file.h"
#include "support/changed_file.h"
#include "support/child.h"
#include "support/damage.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using test::SyntheticDump;
using test::TempDir;

constexpr std::int64_t kMemory = std::int64_t{256} << 20;  // beyond what a reader of these needs

/// A small dump with every field: maps, values and, as one excludes the other, what is followed
/// back or the encoder's attention.
SyntheticDump with_all_fields(bool encoder) {
  SyntheticDump dump;
  dump.num_samples = 3;
  dump.heads = 2;
  dump.all_fields = true;
  if (encoder) dump.encoder_layers = {0, 2};
  return dump;
}

/// All that a reader gives out, as one text.
std::string contents(const MapReader& reader) {
  const DumpFacts& facts = reader.facts();
  std::string text = fmt::format("{} {} {} {} {}", facts.content_id, facts.split, facts.peak_p99,
                                 facts.contrast_p99, facts.complete);
  for (const std::string& name : facts.classes) text += "\n" + name;
  Hash128 hash;
  for (std::int64_t row = 0; row < reader.size(); ++row) {
    const DumpSample& sample = reader.sample(row);
    text += fmt::format("\n{} {} {} {}x{}", sample.sample_id, sample.label, sample.path,
                        sample.grid.height, sample.grid.width);
    for (const std::int32_t query : sample.query) text += fmt::format(" {}", query);
    for (const MapField field : facts.fields()) {
      const std::vector<float> values = reader.values(row, field);
      hash.add(std::as_bytes(std::span(values)));
    }
  }
  return text + "\n" + hash.hex();
}

std::string contents_of_dump(const std::string& path) { return contents(MapReader::open(path)); }

std::string contents_of_plan(const std::string& folder) {
  return to_json(read_dump_plan(folder)).dump();
}

/// All of a dump as `intr-attend verify` looks at it; what it finds is an error.
std::string verified_contents(const std::string& folder) {
  std::string problems;
  for (const std::string& problem : verify_dump(folder)) problems += problem + "\n";
  if (!problems.empty()) throw DataError(problems);
  return contents_of_dump(folder) + contents_of_plan(folder);
}

struct Target {
  const char* file;    ///< that is damaged, below the scratch folder
  const char* opened;  ///< that is read
  std::string (*read)(const std::string&);
  bool hashed = true;  ///< every byte that counts is covered by some check
};

std::ostream& operator<<(std::ostream& out, const Target& target) { return out << target.file; }

class DamagedDump : public ::testing::TestWithParam<std::tuple<Target, bool>> {
 protected:
  DamagedDump() {
    test::write_synthetic_dump(dir_ / "dump", with_all_fields(std::get<1>(GetParam())));
    merge_into({dir_ / "dump"}, dir_ / "merged.h5");
    test::write_signed_file(dir_ / "signed.h5", MapReader::open(dir_ / "dump"));
    whole_ = read_file(dir_ / target().file);
    expected_ = read();
  }

  const Target& target() const { return std::get<0>(GetParam()); }
  std::string read() const { return target().read(dir_ / target().opened); }

  /// What comes of reading the damaged file. @return "" if all is well, else what is not
  std::string trouble(bool must_be_found) {
    try {
      if (read() == expected_) return must_be_found ? "read as if nothing were missing" : "";
      return target().hashed ? "other values were taken for good" : "";
    } catch (const DataError& error) {
      ++found_;
      const std::string name = std::filesystem::path(target().file).filename().string();
      const std::string message = error.what();
      // What a damaged plan says of a piece is told as a contradiction of the two.
      const bool named = message.find(name) != std::string::npos ||
                         (name == "plan.json" && message.find("piece-0000") != std::string::npos);
      return named ? "" : std::string("names no file: ") + error.what();
    }
  }

  /// Damages the file in one way after another, in a process of little memory.
  void sweep(std::uint64_t step, bool must_be_found,
             const std::function<void(const std::string&, std::uint64_t)>& damage) {
    const auto job = [&] {
      const std::string path = dir_ / target().file;
      std::string all;
      for (std::uint64_t place = 0; place < whole_.size(); place += step) {
        std::filesystem::remove(path);
        write_file(path, whole_);
        damage(path, place);
        try {
          const std::string one = trouble(must_be_found);
          if (!one.empty()) all += fmt::format("byte {}: {}\n", place, one);
        } catch (const std::exception& error) {
          all += fmt::format("byte {}: no DataError but: {}\n", place, error.what());
        }
        if (all.size() > 2000) break;
      }
      if (found_ < 10) all += "hardly anything was found";
      return all;
    };
    const test::ChildResult result = test::in_child(job, {.memory_bytes = kMemory});
    EXPECT_EQ(result.signal, 0);
    EXPECT_EQ(result.text, "") << target().file;
  }

  TempDir dir_;
  std::string whole_;
  std::string expected_;
  std::int64_t found_ = 0;
};

TEST_P(DamagedDump, ACutIsADataErrorThatNamesTheFile) {
  // The last byte of a JSON file, and of a seal, is a newline. Without it JSON says the same.
  if (whole_.back() == '\n') whole_.pop_back();
  sweep(whole_.size() / 61 + 1, true,
        [](const std::string& path, std::uint64_t place) { test::cut(path, place); });
}

TEST_P(DamagedDump, AFlippedByteIsADataErrorOrHarmless) {
  for (const int mask : {0x01, 0xff})
    sweep(whole_.size() / 151 + 1, false, [mask](const std::string& path, std::uint64_t place) {
      test::invert(path, place, mask);
    });
}

INSTANTIATE_TEST_SUITE_P(
    Files, DamagedDump,
    testing::Combine(
        testing::Values(Target{"dump/piece-00000.h5", "dump", contents_of_dump},
                        Target{"dump/piece-00001.h5", "dump", verified_contents},
                        Target{"dump/index.h5", "dump", verified_contents},
                        // Its columns have no hash: a flip that makes another name is not seen.
                        Target{"merged.h5", "merged.h5", contents_of_dump, false},
                        Target{"signed.h5", "signed.h5", contents_of_dump, false},
                        Target{"dump/plan.json", "dump", verified_contents}),
        testing::Bool()));

TEST(DamagedPiece, IsNamedWithTheSampleThatWasAskedFor) {
  const TempDir dir;
  SyntheticDump dump;
  dump.first_id = 1;  // and 4, 7, 10: the text of sample 1 begins that of sample 10
  dump.num_samples = dump.piece_samples = 4;
  test::write_synthetic_dump(dir / "dump", dump);
  test::change(dir / "dump/piece-00000.h5", [](hdf5::File& file) {
    test::replace_value<std::int32_t>(file, "/label", 0, 99);  // of sample 10
  });
  const MapReader reader = MapReader::open(dir / "dump");
  try {
    reader.maps(0);
    FAIL() << "read";
  } catch (const DataError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("sample 1 cannot be read"), std::string::npos) << message;
    EXPECT_NE(message.find("piece-00000.h5: sample 10: label 99"), std::string::npos) << message;
  }
}

// dump.json tells of the run; only its content_id and the hashes of pieces say what is in the dump.
TEST(DamagedDumpJson, OfOtherContentIsRefused) {
  const TempDir dir;
  const DumpPlanFile plan = test::write_synthetic_dump(dir / "dump");
  const std::string path = dir / "dump/dump.json";
  const std::string whole = read_file(path);
  SyntheticDump other;
  other.type = MapType::f32;
  test::write_synthetic_dump(dir / "other", other);
  for (const std::string& text :
       {read_file(dir / "other/dump.json"), std::string("{}"), std::string("[1]"),
        std::string("null"), std::string("7"), std::string(R"({"content_id": 5})"),
        std::string("1e999"), std::string(5000, '['), std::string("\xff\xfe"), std::string()}) {
    write_file(path, text);
    try {
      MapReader::open(dir / "dump");
      FAIL() << text;
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find("dump.json"), std::string::npos) << error.what();
    }
    EXPECT_THROW(verify_dump(dir / "dump"), DataError) << text;
  }
  for (const char* text : {"[1]", "null", "7"}) {  // nothing to keep of the run; all else follows
    write_file(path, text);
    write_dump_index(dir / "dump", plan);
    EXPECT_TRUE(verify_dump(dir / "dump").empty()) << text;
  }
  nlohmann::ordered_json json = nlohmann::ordered_json::parse(whole);
  json["pieces"][1]["hash"] = std::string(32, '0');
  write_json(path, json);
  EXPECT_EQ(verify_dump(dir / "dump").size(), 1u);
  json["pieces"] = 5;
  write_json(path, json);
  EXPECT_THROW(verify_dump(dir / "dump"), DataError);
}

}  // namespace
}  // namespace intr
