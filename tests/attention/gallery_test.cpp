// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/gallery.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "attention/drawing_dump.h"
#include "intr/attention/gallery_columns.h"
#include "intr/core/error.h"

namespace intr {
namespace {

std::vector<SampleFailure> write(const test::DrawingDump& dump, const GalleryOptions& options) {
  const MapReader reader = dump.open();
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < reader.size(); ++row) rows.push_back(row);
  const PhotoSource photos({.images = dump.images()}, reader.facts());
  return write_gallery(reader, photos, rows, options, {.threads = 2});
}

nlohmann::json chunk_of(const std::string& folder, std::int64_t number) {
  const std::string text = read_file(folder + "/" + gallery_chunk_name(number));
  const std::string start = "intrChunk(" + std::to_string(number) + ",";
  EXPECT_TRUE(text.starts_with(start) && text.ends_with(");\n"));
  return nlohmann::json::parse(text.substr(start.size(), text.size() - start.size() - 3));
}

/// What stands between the tags of the data element.
std::string data_of(const std::string& page) {
  const std::string start = "<script type=\"application/json\" id=\"data\">";
  const std::size_t from = page.find(start) + start.size();
  return page.substr(from, page.find("</script>", from) - from);
}

TEST(Gallery, PageAndChunks) {
  test::SyntheticDump many;
  many.num_samples = kGalleryChunk + 3;
  const test::DrawingDump dump(many);
  EXPECT_TRUE(write(dump, {.out = dump.out()}).empty());
  const std::string page = read_file(dump.out() + "/index.html");
  for (const char* mark :
       {"@STYLE@", "@SCRIPT@", "@DATA@", "@TITLE@", "@CHUNKS@", "http://", "https://"})
    EXPECT_EQ(page.find(mark), std::string::npos) << mark;
  const auto data = nlohmann::json::parse(data_of(page));
  EXPECT_EQ(data["id"].size(), static_cast<std::size_t>(kGalleryChunk + 3));
  EXPECT_EQ(data["files"], (nlohmann::json{"chunk-0000.js", "chunk-0001.js"}));
  EXPECT_EQ(data["grid"][1], 3);
  EXPECT_GT(data["scales"]["mean"], 1.0);
  EXPECT_EQ(chunk_of(dump.out(), 0).size(), static_cast<std::size_t>(kGalleryChunk));
  const auto last = chunk_of(dump.out(), 1);
  ASSERT_EQ(last.size(), 3u);
  EXPECT_EQ(last[0]["slots"].size(), 2u);
  EXPECT_EQ(last[0]["maxima"].size(), 8u);                 // two slots, four heads
  EXPECT_EQ(last[0]["d"].get<std::string>().size(), 64u);  // 48 cells
  EXPECT_TRUE(last[0]["photo"].get<std::string>().starts_with("data:image/png;base64,"));
  for (const auto& entry : std::filesystem::directory_iterator(dump.out()))
    EXPECT_EQ(entry.path().filename().string()[0] == '.', false) << entry.path();
}

TEST(Gallery, LargePhotosBecomeJpegs) {
  test::SyntheticDump large;
  large.grids = {{12, 20}};
  large.num_samples = 1;
  const test::DrawingDump dump(large);
  write(dump, {.out = dump.out(), .photo_side = 64});
  EXPECT_TRUE(
      chunk_of(dump.out(), 0)[0]["photo"].get<std::string>().starts_with("data:image/jpeg;"));
}

TEST(Gallery, NamesAreData) {
  test::SyntheticDump odd;
  odd.classes = {"</script><script>alert(1)</script>", "a\"b'&\xE2\x80\xA8@SCRIPT@",
                 "@TITLE@ <!-- <img src=x onerror=alert(2)>"};
  odd.adjust = [](DumpSample& sample) {
    sample.path = "x/\xFF<b>@DATA@" + std::to_string(sample.sample_id) + ".png";
  };
  const test::DrawingDump dump(odd);
  write(dump, {.out = dump.out(), .title = "<title> & more"});
  const std::string page = read_file(dump.out() + "/index.html");
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find("\xE2\x80\xA8"), std::string::npos);
  EXPECT_NE(page.find("<title>&lt;title> &amp; more</title>"), std::string::npos);
  const auto data = nlohmann::json::parse(data_of(page));
  EXPECT_EQ(data["classes"][0], odd.classes[0]);
  EXPECT_EQ(data["path"][0], "x/%FF<b>@DATA@10.png");
}

TEST(Gallery, AMissingPictureLeavesAHole) {
  const test::DrawingDump dump;
  const MapReader reader = dump.open();
  std::filesystem::remove(dump.images() + "/" + reader.sample(1).path);
  const auto failures = write(dump, {.out = dump.out()});
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].sample_id, 13);
  EXPECT_TRUE(chunk_of(dump.out(), 0)[1].is_null());
  EXPECT_FALSE(chunk_of(dump.out(), 0)[2].is_null());
}

TEST(Gallery, AShorterOneLeavesNoOldChunks) {
  test::SyntheticDump many;
  many.num_samples = 2 * kGalleryChunk + 1;
  const test::DrawingDump long_dump(many), short_dump;
  write(long_dump, {.out = long_dump.out()});
  EXPECT_TRUE(std::filesystem::exists(long_dump.out() + "/chunk-0002.js"));
  write(short_dump, {.out = long_dump.out()});
  EXPECT_FALSE(std::filesystem::exists(long_dump.out() + "/chunk-0001.js"));
  EXPECT_FALSE(std::filesystem::exists(long_dump.out() + "/chunk-0002.js"));
}

TEST(Gallery, ValueMapsScoresAndEveryQuery) {
  test::SyntheticDump full;
  full.all_fields = true;
  const test::DrawingDump dump(full);
  const std::string table = dump.images() + "/scores.csv";
  write_file(table, "sample,lift\n13,2.5\n");
  write(dump, {.out = dump.out(), .queries = "all", .scores = table});
  const auto data = nlohmann::json::parse(data_of(read_file(dump.out() + "/index.html")));
  EXPECT_EQ(data["scales"]["value"], dump.open().facts().value_p99);
  EXPECT_EQ(data["furtherQueries"], 1);
  EXPECT_EQ(data["scores"][0]["values"], (nlohmann::json{nullptr, 2.5, nullptr, nullptr, nullptr}));
  const auto entry = chunk_of(dump.out(), 0)[0];
  EXPECT_EQ(entry["slots"].size(), 3u);
  EXPECT_EQ(entry["valueMaxima"].size(), 4u);
  write_file(table, "sample,lift\n13,2.5\n13,2.5\n");
  EXPECT_THROW(write(dump, {.out = dump.out(), .scores = table}), DataError);
}

TEST(Gallery, ASingleFileHoldsTheSameChunks) {
  test::SyntheticDump many;
  many.num_samples = kGalleryChunk + 3;
  const test::DrawingDump dump(many);
  write(dump, {.out = dump.out()});
  const auto first = chunk_of(dump.out(), 0), last = chunk_of(dump.out(), 1);
  write(dump, {.out = dump.out(), .single_file = true});
  const std::string page = read_file(dump.out() + "/index.html");
  const auto in_page = [&](const std::string& id) {
    const std::string start = "<script type=\"application/json\" id=\"" + id + "\">";
    const std::size_t from = page.find(start) + start.size();
    return nlohmann::json::parse(page.substr(from, page.find("</script>", from) - from));
  };
  EXPECT_EQ(in_page("chunk-0"), first);
  EXPECT_EQ(in_page("chunk-1"), last);
  EXPECT_EQ(in_page("data")["files"], nlohmann::json::array());
  EXPECT_EQ(page.find("chunk-2\""), std::string::npos);
  // The chunk files of the gallery before are gone: nothing lies beside the page.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dump.out()), {}), 1);
}

TEST(Gallery, ASingleFileThatWouldBeTooLargeLeavesNothing) {
  const test::DrawingDump dump;
  const auto refusal = [&](std::uint64_t limit) -> std::string {
    try {
      write(dump, {.out = dump.out(), .single_file = true, .single_file_limit = limit});
    } catch (const UsageError& error) {
      EXPECT_FALSE(std::filesystem::exists(dump.out() + "/index.html"));
      return error.what();
    }
    return {};
  };
  // Five samples of two queries, four heads and six cells: 64 bytes of base64 each.
  const std::string maps = refusal(319);
  EXPECT_NE(maps.find("the maps of 5 samples alone take"), std::string::npos) << maps;
  EXPECT_FALSE(std::filesystem::exists(dump.out()));  // before any picture
  const std::string all = refusal(320);
  EXPECT_NE(all.find("pictures and maps of the first 5 of 5 samples take"), std::string::npos);
  EXPECT_NE(all.find("Next: "), std::string::npos) << all;
  EXPECT_TRUE(std::filesystem::is_empty(dump.out()));
  EXPECT_EQ(refusal(1'000'000), "");
  EXPECT_TRUE(std::filesystem::exists(dump.out() + "/index.html"));
}

TEST(Gallery, MeanOnlyDumpsAndOneClass) {
  test::SyntheticDump small;
  small.mean_only = true;
  small.classes = {"only"};
  small.slots = 1;
  const test::DrawingDump dump(small);
  EXPECT_TRUE(write(dump, {.out = dump.out()}).empty());
  EXPECT_EQ(chunk_of(dump.out(), 0)[0]["slots"].size(), 1u);
  EXPECT_THROW(write(dump, {.out = dump.out(), .layer = 3}), UsageError);
}

}  // namespace
}  // namespace intr
