// SPDX-License-Identifier: Apache-2.0
/// Dumps that another program changed, with every checksum of HDF5 in order again.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <limits>

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
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using hdf5::File;
using test::SyntheticDump;
using test::TempDir;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// One change and what the error must say of it, besides the file.
struct Change {
  std::string name;
  std::function<void(File&)> action;
  std::string says = "";
};

class ChangedDump : public ::testing::Test {
 protected:
  ChangedDump() {
    SyntheticDump dump;
    dump.all_fields = true;
    dump.encoder_layers = {0, 2};
    plan_ = test::write_synthetic_dump(dir_ / "dump", dump);
    merge_into({dir_ / "dump"}, dir_ / "merged.h5");
    dump.encoder_layers.clear();
    test::write_synthetic_dump(dir_ / "rollout", dump);
  }

  static void read_all(const std::string& path) {
    const MapReader reader = MapReader::open(path);
    for (std::int64_t row = 0; row < reader.size(); ++row)
      for (const MapField field : reader.facts().fields()) reader.values(row, field);
  }

  /// Applies one change after another to a copy of a file.
  /// @param opened what is read then: the file, or the folder that it belongs to
  /// @param named file in the message; "" = the changed one
  void expect_refused(const std::string& file, const std::string& opened,
                      const std::vector<Change>& changes, const std::string& named = "") const {
    const std::string name = std::filesystem::path(file).filename().string();
    const std::string whole = read_file(file);
    for (const Change& change : changes) {
      SCOPED_TRACE(change.name);
      std::filesystem::remove(file);
      write_file(file, whole);
      test::change(file, change.action);
      const test::ChildResult result = test::in_child(
          [&] {
            try {
              read_all(opened);
            } catch (const DataError& error) {
              return std::string(error.what());
            }
            return std::string("taken for good");
          },
          {.memory_bytes = std::int64_t{256} << 20});
      EXPECT_EQ(result.signal, 0);
      for (const std::string& part : {named.empty() ? name : named, change.says})
        EXPECT_NE(result.text.find(part), std::string::npos) << result.text << "\nlacks " << part;
    }
    std::filesystem::remove(file);
    write_file(file, whole);
  }

  TempDir dir_;
  DumpPlanFile plan_;
};

template <class T>
Change number(const char* object, const char* attribute, T value, const char* says = "") {
  return {attribute, [=](File& file) { test::replace_number<T>(file, object, attribute, value); },
          *says != 0 ? says : attribute};
}

template <class T>
Change numbers(const char* object, const char* attribute, const std::vector<T>& values) {
  return {attribute, [=](File& file) { test::replace_numbers<T>(file, object, attribute, values); },
          attribute};
}

template <class T>
Change value(const char* name, std::size_t at, T changed, const std::string& says) {
  return {name, [=](File& file) { test::replace_value<T>(file, name, at, changed); }, says};
}

template <class T>
Change data_set(const char* name, const std::vector<T>& values, const hdf5::Shape& shape) {
  return {name, [=](File& file) { test::replace_data_set<T>(file, name, values, shape); }, name};
}

TEST_F(ChangedDump, NoDataSetAndNoAttributeCanBeMissing) {
  std::vector<Change> changes;
  const File whole = File::open(dir_ / "merged.h5");
  for (const std::string& name : whole.members("/")) {
    // Without its elements a field is not stored: the columns that are left are nobody's.
    if (name == "value" || name == "encoder") continue;
    changes.push_back({name, [name](File& file) { test::remove_data_set(file, name); }});
  }
  EXPECT_GT(changes.size(), 20u);
  for (const char* name :
       {"format",      "format_version", "content_id", "model_hash", "dataset_id",  "split",
        "precision",   "batching",       "queries",    "transform",  "class_count", "head_total",
        "layer_total", "stride",         "layers",     "heads",      "sum_min",     "sum_max",
        "peak_p99",    "contrast_p99",   "value_p99",  "complete"})
    changes.push_back({name, [name](File& file) { test::remove_attribute(file, "/", name); }});
  changes.push_back({"block", [](File& file) { test::remove_attribute(file, "/map", "block"); }});
  changes.push_back(
      {"encoder", [](File& file) { test::remove_attribute(file, "/encoder", "layers"); }});
  expect_refused(dir_ / "merged.h5", dir_ / "merged.h5", changes);
  for (const char* name : {"piece", "piece_count", "plan_id"})
    expect_refused(dir_ / "dump/piece-00001.h5", dir_ / "dump",
                   {{name, [name](File& file) { test::remove_attribute(file, "/", name); }}});
  for (const char* name : {"piece", "row"})
    expect_refused(dir_ / "dump/index.h5", dir_ / "dump",
                   {{name, [name](File& file) { test::remove_data_set(file, name); }}});
}

TEST_F(ChangedDump, AttributesThatCannotBeAreNamed) {
  const std::vector<Change> changes = {
      number<std::uint32_t>("/", "class_count", 0), number<std::uint32_t>("/", "class_count", 4, "/top_class"),
      number<std::uint32_t>("/", "class_count", 0xFFFFFFFF),
      number<std::uint32_t>("/", "head_total", 0), number<std::uint32_t>("/", "stride", 0),
      // The heads and layers that are stored are of the model.
      number<std::uint32_t>("/", "head_total", 2, "heads"),
      numbers<std::int32_t>("/", "heads", {0, 1, 2, 4}),
      numbers<std::int32_t>("/", "heads", {0, 1, 2, -2}),
      numbers<std::int32_t>("/", "heads", {0, 1, 2, 2}), numbers<std::int32_t>("/", "layers", {1}),
      numbers<std::int32_t>("/", "layers", {-1}), numbers<std::int32_t>("/", "layers", {}),
      numbers<std::int32_t>("/", "heads", {}), numbers<std::int32_t>("/", "heads", {0, 1, 2}),
      numbers<std::int32_t>("/encoder", "layers", {}),
      numbers<std::int32_t>("/encoder", "layers", {0, -2}),
      numbers<std::int32_t>("/encoder", "layers", {2, 2}),
      numbers<std::int32_t>("/map", "block", {1, 3}), numbers<std::int32_t>("/map", "block", {}),
      numbers<std::int32_t>("/map", "block", {1, 0, 4}),
      numbers<std::int32_t>("/map", "block", {1, -3, 4}),
      numbers<std::int32_t>("/map", "block", {1, 4, 4}),  // more queries than classes
      numbers<std::int32_t>("/map", "block", {2, 3, 4}),
      numbers<std::int32_t>("/map", "block", {1, 3, 2147483647}),
      number<float>("/", "peak_p99", kNan), number<float>("/", "contrast_p99", -1.0F),
      number<float>("/", "value_p99", kInfinity),
      {"format_version 1", [](File& file) {
         test::replace_numbers<std::uint16_t>(file, "/", "format_version", {1});
       }, "attention format 1, this program"},
      {"complete", [](File& file) { test::replace_number<std::uint8_t>(file, "/", "complete", 0); },
       "samples_planned"},
      {"samples_planned",
       [](File& file) {
         test::replace_number<std::uint8_t>(file, "/", "complete", 0);
         file.set_number("/", "samples_planned", ~std::uint64_t{0});
       },
       "samples_planned"},
      {"text", [](File& file) {
         test::remove_attribute(file, "/", "split");
         file.set_numbers<std::int32_t>("/", "split", {1, 2});
       }, "split"},
      {"layers as text", [](File& file) {
         test::remove_attribute(file, "/", "layers");
         file.set_text("/", "layers", "0");
       }, "layers"},
      {"format_version 2.0",
       [](File& file) {
         test::replace_numbers<std::uint16_t>(file, "/", "format_version", {2, 0});
       },
       "attention format 2.0, this program reads 1.x"}};
  expect_refused(dir_ / "merged.h5", dir_ / "merged.h5", changes);
}

TEST_F(ChangedDump, ColumnsOfAnotherTypeOrShapeAreNamed) {
  using U64 = std::vector<std::uint64_t>;
  const auto made_up = [](const char* name, hid_t type, hsize_t count) {
    return Change{
        name,
        [=](File& file) {
          test::remove_data_set(file, name);
          const hid_t space = H5Screate_simple(1, &count, nullptr);
          H5Dclose(H5Dcreate2(file.id(), name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
          H5Sclose(space);
        },
        name};
  };
  const auto of_another_file = [](const char* name, hid_t type, hsize_t count) {
    return Change{
        name,
        [=](File& file) {
          test::remove_data_set(file, name);
          const hid_t space = H5Screate_simple(1, &count, nullptr);
          const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
          H5Pset_virtual(creation, space, "nothing.h5", name, space);
          H5Dclose(H5Dcreate2(file.id(), name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT));
          H5Pclose(creation);
          H5Sclose(space);
        },
        name};
  };
  const hsize_t many = hsize_t{1} << 40;
  expect_refused(
      dir_ / "merged.h5", dir_ / "merged.h5",
      {data_set<std::int64_t>("/sample_id", {10, 13, 16, 19, 22}, {5}),
       {"four samples",
        [](File& file) {
          test::replace_data_set<std::uint64_t>(file, "/sample_id", {10, 13, 16, 19}, {4});
        },
        "/label has shape [5], not [4]"},
       data_set<std::uint64_t>("/sample_id", {}, {0}),
       data_set<std::uint64_t>("/sample_id", {10, 13, 16, 19, 22}, {5, 1}),
       data_set<float>("/label", {0.7F, 1, 2, 0, -1}, {5}),
       data_set<std::int64_t>("/label", {0, 1, 2, 0, -1}, {5}),
       data_set<std::uint8_t>("/orientation", {0, 0, 0, 0}, {4}),
       data_set<double>("/log_z", {1, 1, 1, 1, 1}, {5}),
       data_set<float>("/logit", std::vector<float>(15, 1.0F), {3, 5}),
       data_set<float>("/top_logit", std::vector<float>(10, 1.0F), {5, 2}),
       data_set<std::uint32_t>("/grid", std::vector<std::uint32_t>(10, 1), {10}),
       data_set<std::uint64_t>("/start", U64(6, 0), {6}),
       data_set<std::uint64_t>("/value_start", U64(4, 0), {4}),
       data_set<std::uint64_t>("/encoder_hash", U64(5, 0), {5, 1}),
       data_set<std::uint8_t>("/path", std::vector<std::uint8_t>(4, 'a'), {2, 2}),
       data_set<std::int32_t>("/classes", {1, 2, 3}, {3}),
       {"/classes",
        [](File& file) {
          test::remove_data_set(file, "/classes");
          file.write_strings("/classes", {"ant", "bee"});
        },
        "class_count"},
       data_set<float>("/value", std::vector<float>(120, 0.5F), {120}),
       {"group",
        [](File& file) {
          test::remove_data_set(file, "/query");
          file.make_group("/query");
        },
        "/query"},
       made_up("/sample_id", H5T_STD_U64LE, many),
       made_up("/path", H5T_STD_U8LE, many),
       of_another_file("/sample_id", H5T_STD_U64LE, many),
       of_another_file("/path", H5T_STD_U8LE, 5)});
}

// The header promises 2^40 maps, and a grid asks for a billion of them; none are in the file.
TEST_F(ChangedDump, MapsThatOnlyTheHeaderPromisesAreNotReadIntoMemory) {
  const auto promise = [](File& file) {
    const auto block = file.numbers<std::int32_t>("/map", "block");
    test::remove_data_set(file, "/map");
    const hsize_t many = hsize_t{1} << 40;
    const hid_t space = H5Screate_simple(1, &many, nullptr);
    H5Dclose(H5Dcreate2(file.id(), "/map", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT,
                        H5P_DEFAULT));
    H5Sclose(space);
    file.set_numbers("/map", "block", block);
    for (const char* name : {"/value", "/encoder"}) test::remove_data_set(file, name);
    for (const std::size_t side : {0U, 1U}) {
      test::replace_value<std::uint32_t>(file, "/grid", side, 1 << 14);
      test::replace_value<std::uint32_t>(file, "/grid_full", side, 1 << 14);
    }
  };
  expect_refused(dir_ / "merged.h5", dir_ / "merged.h5", {{"promise", promise, "/map"}});
}

TEST_F(ChangedDump, ValuesOutOfRangeNameTheSample) {
  using U64 = std::uint64_t;
  const std::vector<Change> changes = {
      value<U64>("/start", 1, 72 * 5, "sample 13"),
      value<U64>("/start", 1, ~U64{0}, "sample 13"),
      value<U64>("/start", 1, 0, "sample 13"),  // that of sample 10: its hash tells
      value<U64>("/value_start", 2, 1 << 20, "sample 16"),
      value<U64>("/encoder_start", 2, ~U64{0} - 3, "sample 16"),
      value<U64>("/block_hash", 3, 0, "sample 19"),
      value<U64>("/value_hash", 3, 0, "sample 19"),
      value<U64>("/encoder_hash", 3, 0, "sample 19"),
      value<std::uint32_t>("/grid", 2, 0, "sample 13"),
      value<std::uint32_t>("/grid", 3, 4, "sample 13"),
      value<std::uint32_t>("/grid", 3, 2, "sample 13"),
      value<std::uint32_t>("/grid", 3, 0xFFFFFFFF, "sample 13"),
      value<std::uint32_t>("/grid_full", 2, 1, "sample 13"),
      value<std::uint32_t>("/source_size", 2, 0, "sample 13"),
      value<std::uint32_t>("/resized_size", 2, 0, "sample 13"),
      value<std::uint32_t>("/padded_size", 2, 0, "sample 13"),
      value<U64>("/sample_id", 1, 10, "sample 10: stands twice"),
      value<U64>("/sample_id", 1, 17, "sample 16: stands twice or out of order"),
      value<U64>("/sample_id", 1, U64{1} << 63, "9223372036854775808"),
      value<std::int32_t>("/label", 4, 3, "sample 22"),
      value<std::int32_t>("/label", 4, -2, "sample 22"),
      value<std::int32_t>("/true_rank", 4, 3, "sample 22"),
      value<std::int32_t>("/true_rank", 4, -2, "sample 22"),
      value<std::int32_t>("/query", 14, 3, "sample 22"),
      value<std::int32_t>("/query", 0, -1, "sample 10"),
      value<std::int32_t>("/top_class", 14, 2147483647, "sample 22"),
      value<float>("/logit", 3, kNan, "sample 13"),
      value<float>("/top_logit", 3, kInfinity, "sample 13"),
      value<float>("/log_z", 1, kNan, "sample 13"),
      value<U64>("/path_offset", 1, 1000, "/path_offset"),
      value<U64>("/path_offset", 2, 0, "/path_offset"),
      value<U64>("/path_offset", 0, 1, "/path_offset"),
      value<U64>("/path_offset", 5, 5, "/path_offset")};
  expect_refused(dir_ / "merged.h5", dir_ / "merged.h5", changes);
  expect_refused(dir_ / "dump/index.h5", dir_ / "dump",
                 {value<std::uint32_t>("/piece", 2, 7, "sample 16"),
                  value<std::uint32_t>("/piece", 2, 0, "sample 16"),
                  value<std::uint32_t>("/row", 2, 2, "sample 16"),
                  value<std::uint32_t>("/row", 2, 0xFFFFFFFF, "sample 16"),
                  value<std::uint32_t>("/row", 1, 0, "sample 13"),
                  value<float>("/logit", 3, 0.25F, "sample 13")},
                 "piece-0000");  // where the other half of the contradiction stands
}

/// Changes a value of a sample's field and repairs its hash, so that only the value can tell.
void plant(File& file, std::size_t row, MapField field, float planted) {
  const FieldNames& names = names_of(field);
  const std::uint64_t start = file.read<std::uint64_t>(names.start).at(row);
  const auto starts = file.read<std::uint64_t>(names.start);
  const std::uint64_t end =
      row + 1 < starts.size() ? starts[row + 1] : file.shape(names.elements)[0];
  std::vector<hdf5::Half> halves(end - start);
  file.read_range<hdf5::Half>(names.elements, start, halves);
  const std::vector<std::byte> bytes = encode_block({&planted, 1}, MapType::f16);
  std::memcpy(&halves[1], bytes.data(), 2);
  file.write_range<hdf5::Half>(names.elements, start, halves);
  test::replace_value<std::uint64_t>(file, names.hash, row,
                                     xxh3_64(std::as_bytes(std::span(halves))));
}

TEST_F(ChangedDump, ValuesThatNoMapHoldsAreFoundUnderAFreshHash) {
  for (const float planted : {-0.25F, kNan, kInfinity}) {
    const auto changes = [planted](std::size_t row, const std::string& says) {
      std::vector<Change> all;
      for (const MapField field : {MapField::kMap, MapField::kValue, MapField::kEncoder})
        all.push_back({names_of(field).elements,
                       [=](File& file) { plant(file, row, field, planted); }, says});
      return all;
    };
    expect_refused(dir_ / "merged.h5", dir_ / "merged.h5", changes(2, "sample 16"));
    test::change(dir_ / "rollout/piece-00000.h5",
                 [&](File& file) { plant(file, 0, MapField::kRollout, planted); });
    test::change(dir_ / "rollout/index.h5", [&](File& file) {
      const auto hash = File::open(dir_ / "rollout/piece-00000.h5")
                            .read<std::uint64_t>(names_of(MapField::kRollout).hash);
      test::replace_value(file, names_of(MapField::kRollout).hash, 4, hash[0]);
    });
    const MapReader reader = MapReader::open(dir_ / "rollout");
    try {
      reader.values(4, MapField::kRollout);
      FAIL() << planted;
    } catch (const DataError& error) {  // the piece, where the damage is, not the index
      const std::string message = error.what();
      EXPECT_NE(message.find("piece-00000.h5: sample 22"), std::string::npos) << message;
    }
    EXPECT_THROW(reader.stored(4, MapField::kRollout), DataError);
  }
}

TEST_F(ChangedDump, NothingIsMergedFromDamage) {
  const auto refused = [&](const std::vector<std::string>& dumps) {
    std::string message;
    try {
      merge_into(dumps, dir_ / "out/all.h5");
    } catch (const DataError& error) {
      message = error.what();
    }
    EXPECT_TRUE(std::filesystem::is_empty(dir_ / "out"));
    return message;
  };
  make_folder(dir_ / "out");
  SyntheticDump next;
  next.first_id = 11;
  next.all_fields = true;
  next.encoder_layers = {0, 2};
  test::write_synthetic_dump(dir_ / "next", next);
  for (const float planted : {-0.25F, kNan}) {
    test::change(dir_ / "merged.h5", [&](File& file) { plant(file, 2, MapField::kMap, planted); });
    for (const auto& dumps : std::vector<std::vector<std::string>>{
             {dir_ / "merged.h5"}, {dir_ / "next", dir_ / "merged.h5"}})
      EXPECT_NE(refused(dumps).find("merged.h5: sample 16"), std::string::npos) << refused(dumps);
  }
  std::filesystem::remove(dir_ / "next/piece-00002.h5");
  EXPECT_NE(refused({dir_ / "dump", dir_ / "next"}).find("sample 11"), std::string::npos);
}

TEST_F(ChangedDump, ALargerMinorVersionOnlyAdds) {
  for (const char* file : {"merged.h5", "dump/index.h5", "dump/piece-00000.h5"})
    test::change(dir_ / file, [](File& changed) {
      test::replace_numbers<std::uint16_t>(changed, "/", "format_version", {1, 9});
      changed.set_text("/", "season", "by nobody");
      changed.set_numbers<std::int32_t>("/map", "weather", {1, 2, 3});
      changed.write<float>("/depth", {1, 2, 3});
      changed.make_group("/more");
    });
  EXPECT_NO_THROW(read_all(dir_ / "merged.h5"));
  EXPECT_NO_THROW(read_all(dir_ / "dump"));
  EXPECT_EQ(piece_trouble(dir_ / "dump", plan_, 0, true), "");
}

TEST_F(ChangedDump, OnePieceCannotHoldSamplesOfAnother) {
  // The index of the first, and a piece in which one sample took the place of another.
  expect_refused(dir_ / "dump/piece-00001.h5", dir_ / "dump",
                 {value<std::uint64_t>("/sample_id", 1, 10, "sample 13")});
  test::change(dir_ / "dump/piece-00001.h5",
               [](File& file) { test::replace_value<std::uint64_t>(file, "/sample_id", 1, 10); });
  EXPECT_NE(piece_trouble(dir_ / "dump", plan_, 1, false).find("does not hold the samples"),
            std::string::npos);
  EXPECT_THROW(write_dump_index(dir_ / "dump", plan_), DataError);
  EXPECT_FALSE(verify_dump(dir_ / "dump").empty());
  DumpPlanFile twice = plan_;  // a plan that says so itself
  twice.pieces[1].sample_ids[1] = 10;
  try {
    write_dump_index(dir_ / "dump", twice);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("sample 10: stands in pieces"), std::string::npos);
  }
}

}  // namespace
}  // namespace intr
