// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/gallery_page.h"

#include <gtest/gtest.h>

#include <vector>

#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

std::string page_of(const std::string& title, const std::string& columns,
                    const std::vector<std::string>& in_page, const std::string& report = "") {
  const test::TempDir dir;
  write_gallery_page(dir / "index.html", title, report, columns, in_page);
  return read_file(dir / "index.html");
}

TEST(GalleryPage, DataAreNotTakenForMarks) {
  const std::string page = page_of("@DATA@", R"({"a":"@TITLE@ @CHUNKS@"})", {R"(["@DATA@"])"});
  EXPECT_NE(page.find("<title>@DATA@</title>"), std::string::npos);
  EXPECT_NE(page.find(R"(id="data">{"a":"@TITLE@ @CHUNKS@"}</script>)"), std::string::npos);
  EXPECT_NE(page.find(R"(id="chunk-0">["@DATA@"]</script>)"), std::string::npos);
}

TEST(GalleryPage, TitlesAreText) {
  EXPECT_NE(page_of("<b> & more", "{}", {}).find("<title>&lt;b> &amp; more</title>"),
            std::string::npos);
}

TEST(GalleryPage, LinksToTheReport) {
  EXPECT_EQ(page_of("x", "{}", {}).find("id=\"report\""), std::string::npos);
  const std::string page = page_of("@REPORT@", "{}", {}, "../sc\"ores/report.html");
  EXPECT_NE(page.find("<a id=\"report\" href=\"../sc%22ores/report.html\">Measures</a>"),
            std::string::npos);
  EXPECT_NE(page.find("<title>@REPORT@</title>"), std::string::npos);
}

TEST(GalleryPage, ChunksInThePageStandBehindItsCode) {
  const std::string page = page_of("x", "{}", {"[1]", "[2]"});
  const std::size_t code = page.find("\"use strict\""), end = page.find("</body>");
  std::size_t before = code;
  for (const char* block : {"<script type=\"application/json\" id=\"chunk-0\">[1]</script>\n",
                            "<script type=\"application/json\" id=\"chunk-1\">[2]</script>\n"}) {
    const std::size_t place = page.find(block);
    ASSERT_NE(place, std::string::npos) << block;
    EXPECT_GT(place, before);
    before = place;
  }
  EXPECT_LT(before, end);
  EXPECT_EQ(page_of("x", "{}", {}).find("id=\"chunk-"), std::string::npos);
}

}  // namespace
}  // namespace intr
