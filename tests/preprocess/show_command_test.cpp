// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <filesystem>

#include "intr/core/hash.h"
#include "intr/data/data_index.h"
#include "packed_set.h"
#include "preprocess/sample_facts.h"

namespace intr {
namespace {

using test::quoted;

class ShowCommandTest : public test::PackedSetTest {};

TEST_F(ShowCommandTest, ShowsEveryColumn) {
  pack();
  const std::string bytes = read_file(root + "/val/b/1.png");
  const auto sample = json_of("show", "--split val --sample 3");
  EXPECT_EQ(sample["class"], "b");
  EXPECT_EQ(sample["path"], "b/1.png");
  EXPECT_EQ(sample["bytes"], bytes.size());
  EXPECT_EQ(sample["stored_width"], 32);
  EXPECT_EQ(sample["hash"], fmt::format("{:016x}", xxh3_64(bytes)));
  EXPECT_EQ(sample["source_hash"], sample["hash"]);
  EXPECT_TRUE(sample["box"].is_null());
  const std::string shard = read_file(set + "/" + sample["shard"].get<std::string>());
  EXPECT_EQ(shard.substr(sample["byte_of_shard"], bytes.size()), bytes);
  EXPECT_EQ(json_of("show", "--split val --sample b/1.png"), sample);
  const std::string text = on_set("show", "--split val --sample 3").output;
  EXPECT_NE(text.find("path           b/1.png\n"), std::string::npos) << text;
  EXPECT_NE(text.find("flags          -\n"), std::string::npos) << text;
}

TEST_F(ShowCommandTest, WritesTheStoredPicture) {
  pack();
  const std::string file = folder / "out picture.png";
  EXPECT_EQ(on_set("show", "--split val --sample 3 --image " + quoted(file)).exit_code, 0);
  EXPECT_EQ(read_file(file), read_file(root + "/val/b/1.png"));
  expect_refused(on_set("show", "--split val --sample 3 --image " + quoted(folder / "no/x.png")),
                 65, "no");
}

TEST_F(ShowCommandTest, NeverWritesADamagedPicture) {
  pack();
  const auto sample = json_of("show", "--split val --sample 3");
  test::flip_byte(set + "/" + sample["shard"].get<std::string>(),
                  sample["byte_of_shard"].get<std::uint64_t>() + 9);
  const std::string file = folder / "x.png";
  expect_refused(on_set("show", "--split val --sample 3 --image " + quoted(file)), 65,
                 "sample 3 (b/1.png), bytes ");
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(ShowCommandTest, NamesTheNearestName) {
  pack();
  expect_refused(on_set("show", "--split val --sample b/1.pgn"), 2, "did you mean 'b/1.png'?");
  expect_refused(on_set("show", "--split val --sample 4"), 2, "give an id from 0 to 3, or a path");
  expect_refused(on_set("show", "--sample 3"), 2, "--split: must be given. Next: choose one of");
  expect_refused(on_set("show", "--split val"), 2, "--sample: must be given");
}

TEST_F(ShowCommandTest, RefusesWrongUseAndDamage) {
  pack();
  expect_damage_is_refused("show", "--split val --sample 3");
}

TEST(SampleFacts, AnnotationsAreNumbersOrNull) {
  const test::TempDir folder;
  const std::string set = folder / "set";
  const float nan = std::nanf("");
  test::make_tiny_set(set, {.samples = {{"val", 2}}, .annotate = [&](SampleColumns& columns) {
                              columns.part_names = {"left eye", "tail"};
                              for (std::int64_t i = 0; i < columns.size(); ++i) {
                                const bool known =
                                    columns.sample_id[static_cast<std::size_t>(i)] == 0;
                                for (const float side : {12.3f, 0.0f, 7.0f, 5.5f})
                                  columns.box.push_back(known ? side : nan);
                                for (const float place : {1.5f, 2.0f, nan, nan})
                                  columns.part_xy.push_back(place);
                                columns.part_visible.insert(columns.part_visible.end(), {1, 0});
                              }
                            }});
  const DataIndex index = DataIndex::open(set, "val");
  const auto known = sample_columns_json(index, 0);
  EXPECT_EQ(known["box"].dump(), R"({"x":12.3,"y":0.0,"width":7.0,"height":5.5})");
  EXPECT_EQ(known["parts"].dump(), R"([{"part":"left eye","x":1.5,"y":2.0,"visible":true},)"
                                   R"({"part":"tail","x":null,"y":null,"visible":false}])");
  EXPECT_TRUE(sample_columns_json(index, 1)["box"].is_null());
}

}  // namespace
}  // namespace intr
