// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/gallery_columns.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "attention/drawing_dump.h"

namespace intr {
namespace {

TEST(GalleryColumns, Base64ByTheStandard) {
  const auto encoded = [](std::string_view text) {
    return base64({reinterpret_cast<const std::byte*>(text.data()), text.size()});
  };
  EXPECT_EQ(encoded(""), "");
  EXPECT_EQ(encoded("f"), "Zg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded("foob"), "Zm9vYg==");
  EXPECT_EQ(encoded("\xFF\xFE\xFD"), "//79");
}

TEST(GalleryColumns, ScriptSafe) {
  EXPECT_EQ(script_safe("a</script>\xE2\x80\xA8\xE2\x80\xA9\xE2\x80"),
            "a\\u003c/script>\\u2028\\u2029\xE2\x80");
}

TEST(GalleryColumns, ChunkNames) {
  EXPECT_EQ(gallery_chunk_name(7), "chunk-0007.js");
  EXPECT_EQ(gallery_chunk_name(12345), "chunk-12345.js");
}

TEST(GalleryColumns, ColumnsHaveOneValueASample) {
  const test::DrawingDump dump;
  const MapReader reader = dump.open();
  const std::vector<std::int64_t> rows = {0, 3};
  const auto data = nlohmann::json::parse(
      gallery_columns(reader, rows, {.layer = 0, .scales = {2.5, 1.0, 1.5, 0.5}}));
  EXPECT_EQ(data["id"], (nlohmann::json{10, 19}));
  EXPECT_EQ(data["label"], (nlohmann::json{0, 0}));
  EXPECT_EQ(data["predicted"], (nlohmann::json{0, 1}));
  EXPECT_EQ(data["source"], (nlohmann::json{64, 96, 64, 96}));
  EXPECT_EQ(data["scales"]["headContrast"], 1.0);
  EXPECT_FALSE(data["scales"].contains("value"));
  EXPECT_EQ(data["files"], (nlohmann::json{"chunk-0000.js"}));
  EXPECT_EQ(data["furtherQueries"], 0);
  EXPECT_EQ(data["scores"], nlohmann::json::array());
  EXPECT_EQ(data["palettes"]["jet"].get<std::string>().size(), 1024u);
}

TEST(GalleryColumns, WhatIsOnlyThereOnRequest) {
  test::SyntheticDump with_values;
  with_values.all_fields = true;
  const test::DrawingDump dump(with_values);
  const MapReader reader = dump.open();
  const std::vector<std::int64_t> rows = {0, 3};
  GalleryContents contents;
  contents.scales.value = 4.5;
  contents.every_query = true;
  contents.chunk_files = false;
  contents.scores = {{"</script>", {0.5, std::nan("")}}};
  const std::string text = gallery_columns(reader, rows, contents);
  EXPECT_EQ(text.find('<'), std::string::npos);
  const auto data = nlohmann::json::parse(text);
  EXPECT_EQ(data["scales"]["value"], 4.5);
  EXPECT_EQ(data["files"], nlohmann::json::array());
  EXPECT_EQ(data["furtherQueries"], 1);  // three are stored
  EXPECT_EQ(data["scores"][0]["name"], "</script>");
  EXPECT_EQ(data["scores"][0]["values"], (nlohmann::json{0.5, nullptr}));
}

}  // namespace
}  // namespace intr
