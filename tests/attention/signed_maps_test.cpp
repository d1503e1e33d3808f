// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/signed_maps.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "attention/signed_file.h"
#include "intr/attention/dump_check.h"
#include "intr/attention/dump_merge.h"
#include "intr/attention/map_file.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "support/changed_file.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

template <class E>
std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const E& error) {
    return error.what();
  }
  return "no such error";
}

class SignedMaps : public ::testing::Test {
 protected:
  SignedMaps() {
    test::SyntheticDump dump;
    dump.layers = 2;
    dump.grids = {{2, 3}, {1, 4}};
    test::write_synthetic_dump(dir_ / "dump", dump);
    dump.first_id = 11;
    test::write_synthetic_dump(dir_ / "others", dump);
  }

  MapReader dump(const std::string& name = "dump") const { return MapReader::open(dir_ / name); }
  DumpFacts facts() const { return test::signed_facts(dump().facts()); }
  std::vector<MapRecord> records() const { return test::signed_records(dump()); }
  void write(const std::string& name, const std::vector<MapRecord>& records) const {
    write_signed_maps(dir_ / name, facts(), records);
  }
  std::int64_t num_files() const {
    const std::filesystem::directory_iterator all(dir_.path());
    return std::distance(begin(all), end(all));
  }
  /// What reading a signed file says after a change.
  std::string after(const std::function<void(hdf5::File&)>& change) const {
    write("changed.h5", records());
    test::change(dir_ / "changed.h5", change);
    return message_of<DataError>([&] {
      const MapReader reader = MapReader::open(dir_ / "changed.h5");
      for (std::int64_t row = 0; row < reader.size(); ++row) reader.maps(row);
    });
  }
  static void expect_part(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text << "\nlacks " << part;
  }

  test::TempDir dir_;
};

TEST_F(SignedMaps, ReadAsTheyWereWritten) {
  std::vector<MapRecord> all = records();
  const std::vector<float> third = {-2, 0.5, 0, 0, 0, 0.25};  // the largest is against the class
  all[2] = test::signed_record(all[2].sample, third);
  std::swap(all[0], all[3]);
  write("signed.h5", all);
  const MapReader reader = MapReader::open(dir_ / "signed.h5");
  const DumpFacts& facts = reader.facts();
  EXPECT_TRUE(facts.is_signed);
  EXPECT_TRUE(facts.complete);
  EXPECT_EQ(facts.layers, (std::vector<std::int32_t>{1}));
  EXPECT_EQ(facts.heads, (std::vector<std::int32_t>{kHeadMean}));
  EXPECT_EQ(facts.num_queries, 1);
  EXPECT_EQ(facts.content_id, std::string(32, '5'));
  EXPECT_EQ(facts.model_hash, dump().facts().model_hash);
  EXPECT_EQ(facts.classes, dump().facts().classes);
  EXPECT_TRUE(facts.plan_id.empty());
  EXPECT_EQ(facts.peak_p99, 2);  // of {0.25, 0.5, 2, 1, 1.25}, without a factor
  EXPECT_EQ(facts.contrast_p99, 0);
  EXPECT_EQ(facts.sum_min, -1.25F);  // of the third
  EXPECT_EQ(facts.sum_max, 0.625F);  // 1.25 - 0.625
  ASSERT_EQ(reader.size(), 5);
  for (std::int64_t row = 0; row < 5; ++row) {
    const DumpSample& sample = reader.sample(row);
    EXPECT_EQ(sample.sample_id, 10 + 3 * row);
    EXPECT_EQ(sample.path, dump().sample(row).path);
    EXPECT_EQ(sample.query, (std::vector<std::int32_t>{sample.top_class[0]}));
    const auto most = 0.25F * static_cast<float>(row + 1);
    EXPECT_EQ(reader.maps(row), row == 2 ? third : test::for_and_against(sample, most)) << row;
  }
  EXPECT_TRUE(verify_dump(dir_ / "signed.h5").empty());
}

TEST_F(SignedMaps, TheAttributeStandsInSignedFilesAlone) {
  write("signed.h5", records());
  merge_into({dir_ / "dump"}, dir_ / "merged.h5");
  const hdf5::File file = hdf5::File::open(dir_ / "signed.h5");
  EXPECT_EQ(file.number<std::uint8_t>("/", "signed"), 1);
  EXPECT_EQ(file.numbers<std::uint16_t>("/", "format_version"), (std::vector<std::uint16_t>{1, 1}));
  for (const char* name : {"merged.h5", "dump/index.h5", "dump/piece-00000.h5"}) {
    EXPECT_FALSE(hdf5::File::open(dir_ / name).has_attribute("/", "signed")) << name;
    EXPECT_FALSE(MapFile::open(dir_ / name).table().facts.is_signed) << name;
  }
}

TEST_F(SignedMaps, EqualContentsGiveEqualBytes) {
  std::vector<MapRecord> all = records();
  write("one.h5", all);
  std::reverse(all.begin(), all.end());
  write("two.h5", all);
  merge_into({dir_ / "one.h5"}, dir_ / "three.h5");
  EXPECT_TRUE(read_file(dir_ / "one.h5") == read_file(dir_ / "two.h5"));
  EXPECT_TRUE(read_file(dir_ / "one.h5") == read_file(dir_ / "three.h5"));
}

TEST_F(SignedMaps, AnotherFileIsReplacedOnlyByAWholeOne) {
  write("signed.h5", records());
  const std::int64_t files = num_files();
  for (const std::vector<float>& bad :
       {std::vector<float>{0, kNan, 0, 0}, {0, 0, 0, -kInfinity}, {3e38F, 3e38F, 0, 0}}) {
    std::vector<MapRecord> all = records();
    all[1] = test::signed_record(all[1].sample, bad);
    expect_part(message_of<DataError>([&] { write("signed.h5", all); }),
                "signed.h5: sample 13: a signed map or its sum is not finite");
    EXPECT_EQ(num_files(), files);
  }
  EXPECT_EQ(MapReader::open(dir_ / "signed.h5").size(), 5);
  write("signed.h5", {records()[3]});
  EXPECT_EQ(MapReader::open(dir_ / "signed.h5").size(), 1);
}

TEST_F(SignedMaps, OtherFactsAndRecordsAreOurBug) {
  const std::vector<std::function<void(DumpFacts&)>> changes = {
      [](DumpFacts& f) { f.is_signed = false; },   [](DumpFacts& f) { f.type = MapType::f16; },
      [](DumpFacts& f) { f.layers = {0, 1}; },     [](DumpFacts& f) { f.heads = {0}; },
      [](DumpFacts& f) { f.heads = {-1, 0}; },     [](DumpFacts& f) { f.num_queries = 2; },
      [](DumpFacts& f) { f.values = true; },       [](DumpFacts& f) { f.rollout = true; },
      [](DumpFacts& f) { f.encoder_layers = {0}; }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    DumpFacts other = facts();
    changes[i](other);
    expect_part(
        message_of<InternalError>([&] { write_signed_maps(dir_ / "signed.h5", other, records()); }),
        "these facts");
  }
  const std::vector<MapRecord> all = records();
  expect_part(message_of<InternalError>([&] { write("signed.h5", {}); }), "no signed maps");
  expect_part(message_of<InternalError>([&] {
                write("signed.h5", {all[1], all[2], all[1]});
              }),
              "sample 13 comes twice");
  const MapRecord small = test::signed_record(all[0].sample, {1, 2, 3});
  expect_part(message_of<InternalError>([&] {
                write("signed.h5", {all[1], small});
              }),
              "sample 10 has 3 values on a grid of 2 x 3");
  EXPECT_FALSE(std::filesystem::exists(dir_ / "signed.h5"));
}

TEST_F(SignedMaps, ValuesThatAreNotFiniteAreFoundWhateverTheirHash) {
  const auto with = [&](float bad) {
    return after([&](hdf5::File& file) {
      test::replace_value<float>(file, "/map", 7, bad);  // of sample 13
      file.set_numbers<std::int32_t>("/map", "block", {1, 1, 1});
      std::vector<float> values = test::for_and_against(dump().sample(1), 0.5F);
      values[1] = bad;
      test::replace_value<std::uint64_t>(file, "/block_hash", 1,
                                         xxh3_64(encode_block(values, MapType::f32)));
    });
  };
  EXPECT_EQ(with(-7), "no such error");
  expect_part(with(kNan), "changed.h5: sample 13: a signed map or its sum is not finite");
  expect_part(with(kInfinity), "sample 13: a signed map");
  const auto problems = verify_dump(dir_ / "changed.h5");
  ASSERT_EQ(problems.size(), 1U);
  expect_part(problems[0], "sample 13: a signed map");
}

TEST_F(SignedMaps, AnAttributeThatCannotBeIsNamed) {
  const auto set = [](std::uint8_t value) {
    return [value](hdf5::File& file) { test::replace_number(file, "/", "signed", value); };
  };
  const std::string negative = "sample 10: a map is negative, not finite or does not sum to 1";
  expect_part(after(set(2)), "changed.h5: attribute signed is 2");
  expect_part(after(set(0)), negative);
  expect_part(after([](hdf5::File& file) { test::remove_attribute(file, "/", "signed"); }),
              negative);
  expect_part(after([](hdf5::File& file) {
                test::remove_attribute(file, "/", "signed");
                file.set_text("/", "signed", "yes");
              }),
              "signed");
  test::SyntheticDump whole;
  whole.all_fields = true;
  test::write_synthetic_dump(dir_ / "whole", whole);
  merge_into({dir_ / "whole"}, dir_ / "whole.h5");
  test::change(dir_ / "whole.h5",
               [](hdf5::File& file) { file.set_number("/", "signed", std::uint8_t{1}); });
  expect_part(message_of<DataError>([&] { MapReader::open(dir_ / "whole.h5"); }),
              "attribute signed is 1, but there is more than /map");
}

TEST_F(SignedMaps, AreJoinedWithEachOtherAlone) {
  write("signed.h5", records());
  write_signed_maps(dir_ / "others.h5", facts(), test::signed_records(dump("others")));
  merge_into({dir_ / "others.h5", dir_ / "signed.h5"}, dir_ / "both.h5");
  const MapReader both = MapReader::open(dir_ / "both.h5");
  EXPECT_TRUE(both.facts().is_signed);
  EXPECT_EQ(both.facts().peak_p99, 1.25);
  EXPECT_EQ(both.facts().sum_min, 0.125F);
  ASSERT_EQ(both.size(), 10);
  EXPECT_EQ(both.maps(0), test::for_and_against(both.sample(0), 0.25F));
  EXPECT_TRUE(verify_dump(dir_ / "both.h5").empty());
  for (const auto& dumps : {std::vector{dir_ / "signed.h5", dir_ / "others"},
                            std::vector{dir_ / "others", dir_ / "signed.h5"}})
    expect_part(message_of<UsageError>([&] { merge_into(dumps, dir_ / "no.h5"); }),
                "they differ in signed");
}

TEST_F(SignedMaps, HaveAnIdOfTheirOwn) {
  DumpPlanFile plan;
  plan.facts = facts();
  identify(plan);
  const std::string id = plan.facts.content_id;
  plan.facts.is_signed = false;
  identify(plan);
  EXPECT_NE(plan.facts.content_id, id);
}

TEST_F(SignedMaps, AreNoAttention) {
  EXPECT_NO_THROW(require_attention(dump().facts(), "dump", "go on"));
  EXPECT_EQ(message_of<UsageError>([&] { require_attention(facts(), "file.h5", "draw them"); }),
            "file.h5: holds signed maps, which are no shares of attention. Next: draw them");
}

}  // namespace
}  // namespace intr
