// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/prediction_figures.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "attention/drawing_dump.h"

namespace intr {
namespace {

using Names = std::vector<std::string>;

TEST(FigureNames, FollowTheFoldersAndAreSafe) {
  EXPECT_EQ(figure_names({{"/x/heron.jpg", "heron.jpg"},
                          {"/x/in/a/1.png", "a/1.png"},
                          {"/x/in/b/1.png", "b/1.png"},
                          {"/x/in/..c/a:b.c.png", "..c/a:b.c.png"}}),
            (Names{"heron", "a/1", "b/1", "%2E.c/a%3Ab.c"}));
}

TEST(FigureNames, TwinsGetTheirPlaceInTheList) {
  EXPECT_EQ(figure_names({{"x/a.jpg", "a.jpg"}, {"b.jpg", "b.jpg"}, {"y/A.png", "A.png"}}),
            (Names{"a__0", "b", "A__2"}));
  // A name that looks like a numbered one.
  const Names names =
      figure_names({{"x/a.jpg", "a.jpg"}, {"y/a.jpg", "a.jpg"}, {"a__1.jpg", "a__1.jpg"}});
  EXPECT_EQ(names, (Names{"a__0", "a__1", "a__1__2"}));
  EXPECT_TRUE(figure_names({}).empty());
}

/// Sample 0 of a synthetic dump as if it were a picture file: no label, place 0 in the list.
class Figures : public testing::Test {
 protected:
  Figures() : reader_(dump_.open()), facts_(reader_.facts()) {
    facts_.classes = {"ant", "predicted", "cat"};
    facts_.type = MapType::f32;
    record_.sample = reader_.sample(0);
    record_.sample.sample_id = 0;
    record_.sample.label = -1;
    record_.blocks[MapField::kMap] = encode_block(reader_.maps(0), MapType::f32);
  }
  Names draw(const OverlayOptions& options, const std::vector<std::int32_t>& asked) const {
    return PredictionFigures(out(), facts_, options, asked, {{"x/in/ants/1.png", "ants/1.png"}})
        .draw(record_, photo_);
  }
  std::string out() const { return dump_.out(); }

  test::DrawingDump dump_;
  MapReader reader_;
  DumpFacts facts_;
  MapRecord record_;
  Image photo_ = test::DrawingDump::picture(reader_.sample(0));
};

TEST_F(Figures, ThePredictedClassAndWhatWasAskedFor) {
  OverlayOptions options;
  options.layout = "strip";
  options.scale = "map";
  // Class 1 is named like a word of the option "query".
  EXPECT_EQ(draw(options, {1}),
            (Names{out() + "/ants/1__predicted-strip.png", out() + "/ants/1__class1-strip.png"}));
  options.query = "predicted";
  const OverlayDrawer drawer(facts_, options);
  const SampleMaps maps(facts_, record_.sample, reader_.maps(0));
  const auto expected = encode_picture(drawer.draw(record_.sample, maps, photo_)[0].image, options);
  const std::string written = read_file(out() + "/ants/1__predicted-strip.png");
  EXPECT_EQ(written, std::string(reinterpret_cast<const char*>(expected.data()), expected.size()));
  EXPECT_NE(written, read_file(out() + "/ants/1__class1-strip.png"));
}

TEST_F(Figures, EveryHeadAndAnotherFormat) {
  OverlayOptions options;
  options.head = "all";
  options.format = "jpeg";
  options.scale = "map";
  EXPECT_EQ(draw(options, {}).size(), 4U);
  EXPECT_TRUE(std::filesystem::exists(out() + "/ants/1__predicted-head3.jpg"));
}

}  // namespace
}  // namespace intr
