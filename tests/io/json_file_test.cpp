// SPDX-License-Identifier: Apache-2.0
#include "intr/io/json_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using testing::HasSubstr;

TEST(JsonFile, RoundTripsInOrder) {
  const test::TempDir folder;
  nlohmann::ordered_json value;
  value["zebra"] = 1;
  value["apple"] = {0.1, "é", nullptr};
  write_json(folder / "a.json", value);
  EXPECT_EQ(read_json(folder / "a.json"), value);
  EXPECT_THAT(read_file(folder / "a.json"), testing::StartsWith("{\n  \"zebra\": 1,\n"));
  EXPECT_EQ(read_file(folder / "a.json").back(), '\n');
}

TEST(JsonFile, NamesTheByteOfAFault) {
  const test::TempDir folder;
  write_file(folder / "bad.json", "{\"a\": 1,");
  try {
    read_json(folder / "bad.json");
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("bad.json: no JSON at byte 9"));
  }
  EXPECT_THROW(read_json(folder / "missing.json"), DataError);
}

TEST(JsonFile, NamesAMissingMember) {
  const nlohmann::ordered_json value = {{"epoch", 3}, {"name", "x"}};
  EXPECT_EQ(json_member<std::int64_t>(value, "epoch", "a.json"), 3);
  EXPECT_EQ(json_member<std::string>(value, "name", "a.json"), "x");
  for (const auto& read :
       {std::function<void()>([&] { json_member<std::int64_t>(value, "step", "a.json"); }),
        std::function<void()>([&] { json_member<std::int64_t>(value, "name", "a.json"); })}) {
    try {
      read();
      FAIL();
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(), HasSubstr("a.json: member '"));
    }
  }
  EXPECT_THROW(json_member<int>(nlohmann::ordered_json(5), "x", "a.json"), DataError);
}

}  // namespace
}  // namespace intr
