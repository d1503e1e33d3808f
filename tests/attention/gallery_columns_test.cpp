// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/gallery_columns.h"

#include <gtest/gtest.h>

#include <cstring>
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
  const auto data = nlohmann::json::parse(gallery_columns(reader, rows, 0, {2.5, 1.0, 1.5, 0.5}));
  EXPECT_EQ(data["id"], (nlohmann::json{10, 19}));
  EXPECT_EQ(data["label"], (nlohmann::json{0, 0}));
  EXPECT_EQ(data["predicted"], (nlohmann::json{0, 1}));
  EXPECT_EQ(data["source"], (nlohmann::json{64, 96, 64, 96}));
  EXPECT_EQ(data["scales"]["headContrast"], 1.0);
  EXPECT_EQ(data["palettes"]["jet"].get<std::string>().size(), 1024u);
}

}  // namespace
}  // namespace intr
