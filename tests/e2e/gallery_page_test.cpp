// SPDX-License-Identifier: Apache-2.0
// The gallery in a real browser: a copy of the page with a script at its end that uses it as a
// person would.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "intr/core/hash.h"
#include "intr/image/encode.h"
#include "support/programs.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using test::program;
using test::quoted;
using test::run_program;

constexpr std::int64_t kSamples = 5794;  // as many as CUB-200-2011 has for testing

test::SyntheticDump birds() {
  test::SyntheticDump dump;
  dump.num_samples = kSamples;
  dump.piece_samples = 256;
  dump.classes.clear();
  for (int c = 0; c < 200; ++c) dump.classes.push_back(fmt::format("class {:03}", c));
  dump.classes[7] = "<script>alert('7')</script> & \"seven\"";
  return dump;
}

/// A dump with one small picture for all samples.
void make_gallery(const std::string& folder) {
  test::SyntheticDump dump = birds();
  const ImageSize size = {64, 96};
  Image photo{size, {}};
  for (std::int64_t i = 0; i < size.area() * 3; ++i)
    photo.rgb.push_back(static_cast<std::uint8_t>(i / 3 % 251));
  const std::vector<std::byte> bytes = encode_png(photo);
  dump.adjust = [&](DumpSample& sample) {
    sample.image_hash = xxh3_64(bytes);
    sample.path = fmt::format("some birds/picture {}.png", sample.sample_id);
    const std::string path = folder + "/images/" + sample.path;
    std::filesystem::create_directories(path.substr(0, path.rfind('/')));
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  };
  test::write_synthetic_dump(folder + "/dump", dump);
  const test::ProgramResult made =
      run_program(program("render") + " gallery " + quoted(folder + "/dump") + " --images " +
                  quoted(folder + "/images") + " --quiet --out " + quoted(folder + "/gallery"));
  ASSERT_EQ(made.exit_code, 0) << made.errors;
}

/// What a person does, and what the page said to it: an object in an element with the id "result".
constexpr const char* kVisit = R"js(
<script>
const said = { errors: [] };
const at = (id) => document.getElementById(id), classes = JSON.parse(at("data").textContent).classes;
addEventListener("error", (event) => said.errors.push(String(event.message)));
addEventListener("unhandledrejection", (event) => said.errors.push(String(event.reason)));
const until = async (holds, what) => {
  for (let i = 0; i < 400; ++i) {
    if (holds()) return;
    await new Promise((done) => setTimeout(done, 25));
  }
  said.errors.push("never: " + what);
};
const painted = (canvas) => canvas && canvas.width > 0 &&
    canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v > 0);
const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const enter = (id, value, event) => { at(id).value = value; at(id).dispatchEvent(new Event(event)); };
// Where two pictures differ most: shares of the width and of the height.
const hottest = (photo, heat) => {
  const [a, b] = [photo, heat].map((c) => c.getContext("2d").getImageData(0, 0, c.width, c.height).data);
  let most = -1, place = 0;
  for (let i = 0; i < b.length; i += 4) {
    const change = Math.abs(a[i] - b[i]) + Math.abs(a[i + 1] - b[i + 1]) + Math.abs(a[i + 2] - b[i + 2]);
    if (change > most) { most = change; place = i / 4; }
  }
  return [place % heat.width / heat.width, Math.floor(place / heat.width) / heat.height];
};
const firstHeat = () => document.querySelectorAll("#rows .card canvas")[1];
const count = () => at("count").textContent;
async function visit() {
  await until(() => painted(firstHeat()), "a first picture");
  said.first = count();
  said.cards = document.querySelectorAll("#rows .card").length;
  enter("search", "picture 57", "input");
  said.search = count();
  said.address = location.hash;
  enter("search", "", "input");
  enter("label", classes[7], "change");
  said.label = count();
  said.marked = document.querySelectorAll("#rows script, #rows b").length;
  await until(() => painted(firstHeat()), "a picture of class 7");
  at("reset").click();
  press("w");
  said.wrong = count();
  press("w");
  const start = performance.now();
  enter("search", "class 1 9", "input");
  said.search_ms = performance.now() - start;
  enter("search", "", "input");
  document.querySelector("#rows .card").click();
  await until(() => !at("detail").hidden && painted(document.querySelectorAll("#maps canvas")[1]), "the detail");
  said.detail = at("position").textContent;
  said.maps = document.querySelectorAll("#maps canvas").length;
  said.peak = hottest(...[0, 2].map((number) => document.querySelectorAll("#maps canvas")[number]));
  at("next").click();
  said.next = at("position").textContent;
  press("ArrowRight");
  said.right = at("position").textContent;
  press("c");
  said.contrast = location.hash;
  press("Escape");
  said.closed = at("detail").hidden;
  press("c");
  scrollTo(0, document.body.scrollHeight);
  await until(() => [...document.querySelectorAll("#rows .card")].at(-1)?.textContent.includes("#17389"), "the last card");
  await until(() => painted([...document.querySelectorAll("#rows .card")].at(-1).querySelectorAll("canvas")[1]), "its picture");
  said.requests = performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !name.startsWith("file:"));
}
visit().catch((error) => said.errors.push(String(error))).finally(() => {
  const result = document.createElement("pre");
  result.id = "result";
  result.textContent = JSON.stringify(said);
  document.body.append(result);
});
</script>
)js";

/// @return what the page's visitor said  @param page file of the gallery's folder
nlohmann::json visit(const std::string& page) {
  const test::ProgramResult shown = run_program(
      std::string("timeout 120 ") + quoted(INTR_CHROMIUM) +
      " --headless --no-sandbox --disable-gpu --disable-dev-shm-usage"
      " --host-resolver-rules='MAP * ~NOTFOUND' --window-size=1400,900 --virtual-time-budget=60000"
      " --user-data-dir=" +
      quoted(page + ".profile") + " --dump-dom " + quoted("file://" + page));
  const std::string& text = shown.output;
  const std::string mark = "<pre id=\"result\">";
  const std::size_t begin = text.find(mark);
  EXPECT_NE(begin, std::string::npos) << shown.errors << text.substr(0, 2000);
  if (begin == std::string::npos) return {};
  const std::size_t end = text.find("</pre>", begin);
  std::string json = text.substr(begin + mark.size(), end - begin - mark.size());
  for (const auto& [escaped, plain] : {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}})
    for (std::size_t at = json.find(escaped); at != std::string::npos;
         at = json.find(escaped, at + 1))
      json.replace(at, std::string(escaped).size(), plain);
  return nlohmann::json::parse(json);
}

TEST(GalleryPage, FiltersSearchesAndStepsThroughAWholeTestSet) {
  const test::TempDir dir;
  make_gallery(dir.path());
  if (HasFatalFailure()) return;
  const std::string gallery = dir / "gallery";
  const std::string page = read_file(gallery + "/index.html");
  const std::size_t end = page.rfind("</body>");
  ASSERT_NE(end, std::string::npos);
  write_file(gallery + "/visited.html", page.substr(0, end) + kVisit + page.substr(end));
  const nlohmann::json said = visit(gallery + "/visited.html");
  ASSERT_TRUE(said.is_object());
  EXPECT_EQ(said["errors"], nlohmann::json::array());
  EXPECT_EQ(said["requests"], nlohmann::json::array());  // all of them are files

  // What the page must say, from the samples.
  const test::SyntheticDump dump = birds();
  std::int64_t right = 0, wrong = 0, found = 0, of_seven = 0, right_of_seven = 0, right_found = 0,
               labeled_found = 0;
  for (std::int64_t i = 0; i < kSamples; ++i) {
    const DumpSample sample = test::synthetic_sample(dump, i);
    const bool is_right = sample.true_rank == 0;
    if (sample.label >= 0) ++(is_right ? right : wrong);
    const auto name_of = [&](std::int32_t c) {
      return c < 0 ? "unknown" : dump.classes[static_cast<std::size_t>(c)];
    };
    // Each word somewhere in id, path and classes.
    const std::string text = fmt::format("{} {} {}", sample.sample_id, name_of(sample.label),
                                         name_of(sample.top_class[0]));
    if (text.find("57") != std::string::npos) {
      ++found;
      if (sample.label >= 0) ++labeled_found;
      if (is_right) ++right_found;
    }
    if (sample.label == 7) {
      ++of_seven;
      if (is_right) ++right_of_seven;
    }
  }
  const auto begins = [&](const char* name, const std::string& text) {
    EXPECT_EQ(said[name].get<std::string>().substr(0, text.size()), text) << name;
  };
  begins("first", fmt::format("{} of {} samples, {} right", kSamples, kSamples, right));
  begins("search", fmt::format("{} of {} samples, {} right", found, kSamples, right_found));
  begins("label", fmt::format("{} of {} samples, {} right", of_seven, kSamples, right_of_seven));
  begins("wrong", fmt::format("{} of {} samples, 0 right", wrong, kSamples));
  EXPECT_EQ(said["marked"], 0);  // names are text
  EXPECT_NE(said["address"].get<std::string>().find("search=picture"), std::string::npos);
  EXPECT_GT(said["cards"], 5);
  EXPECT_LT(said["cards"], 200);  // those near the screen alone
  EXPECT_EQ(said["detail"], fmt::format("1 of {}", kSamples));
  EXPECT_EQ(said["next"], fmt::format("2 of {}", kSamples));
  EXPECT_EQ(said["right"], fmt::format("3 of {}", kSamples));
  EXPECT_NE(said["contrast"].get<std::string>().find("query=difference"), std::string::npos);
  EXPECT_EQ(said["maps"], 6);  // photo, mean, four heads
  EXPECT_EQ(said["closed"], true);
  // Head 0 of the first sample: the color is strongest where its largest cell looks, 32 pixels a
  // cell.
  const std::vector<float> maps = test::synthetic_maps(dump, test::synthetic_sample(dump, 0));
  const auto peak = std::max_element(maps.begin(), maps.begin() + 6) - maps.begin();
  EXPECT_NEAR(said["peak"][0].get<double>(), static_cast<double>(peak % 3) / 3, 0.17);
  EXPECT_NEAR(said["peak"][1].get<double>(), static_cast<double>(peak / 3) / 2, 0.25);
  EXPECT_GT(labeled_found, 0);
  RecordProperty("search_ms", std::to_string(said["search_ms"].get<double>()));
}

TEST(GalleryPage, AMissingChunkIsSaidWhereItsPicturesWouldBe) {
  const test::TempDir dir;
  test::SyntheticDump dump;
  dump.num_samples = 3;
  test::write_synthetic_dump(dir / "dump", dump);
  run_program(program("render") + " gallery " + quoted(dir / "dump") + " --images " +
              quoted(dir.path()) + " --quiet --on-error skip --out " + quoted(dir / "gallery"));
  std::filesystem::remove(dir / "gallery/chunk-0000.js");
  const std::string page = read_file(dir / "gallery/index.html");
  const std::size_t end = page.rfind("</body>");
  ASSERT_NE(end, std::string::npos);
  const std::string look = R"js(<script>
setTimeout(() => {
  const result = document.createElement("pre");
  result.id = "result";
  result.textContent = JSON.stringify({ note: document.querySelector("#rows .note")?.textContent });
  document.body.append(result);
}, 3000);
</script>)js";
  write_file(dir / "gallery/looked.html", page.substr(0, end) + look + page.substr(end));
  const nlohmann::json said = visit(dir / "gallery/looked.html");
  ASSERT_TRUE(said.is_object());
  EXPECT_EQ(said["note"], "The file chunk-0000.js is missing beside this page.");
}

}  // namespace
}  // namespace intr
