// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay.h"

#include <gtest/gtest.h>

#include "attention/drawing_dump.h"
#include "attention/signed_file.h"
#include "intr/attention/figure.h"
#include "intr/attention/named_picture.h"
#include "intr/attention/overlay_caption.h"
#include "intr/attention/overlay_figure.h"
#include "intr/attention/overlay_maps.h"
#include "intr/core/error.h"
#include "intr/image/decode.h"

namespace intr {
namespace {

test::SyntheticDump with_all_fields() {
  test::SyntheticDump dump;
  dump.all_fields = true;
  return dump;
}

class Overlay : public ::testing::Test {
 protected:
  std::vector<NamedPicture> draw(const OverlayOptions& options, std::int64_t row = 0) const {
    const OverlayDrawer drawer(reader_.facts(), options);
    const DumpSample& sample = reader_.sample(row);
    const SampleMaps maps(reader_.facts(), sample, reader_.values(row, drawer.field()),
                          drawer.field());
    std::vector<NamedPicture> pictures =
        drawer.draw(sample, maps, test::DrawingDump::picture(sample));
    std::vector<std::string> names;
    for (const NamedPicture& picture : pictures) names.push_back(picture.what);
    EXPECT_EQ(names, drawer.names(sample));
    return pictures;
  }
  static std::vector<std::string> names_of(const std::vector<NamedPicture>& pictures) {
    std::vector<std::string> names;
    for (const NamedPicture& picture : pictures) names.push_back(picture.what);
    return names;
  }

  test::DrawingDump dump_{with_all_fields()};
  MapReader reader_ = dump_.open();
};

using Names = std::vector<std::string>;

TEST_F(Overlay, PlainSingleHasThePhotosShape) {
  // The photo has 96 x 64 pixels: three times that is the first whole factor with 280.
  const auto pictures = draw({.caption = false});
  EXPECT_EQ(names_of(pictures), (Names{"true-mean"}));
  EXPECT_EQ(pictures[0].image.size, (ImageSize{192, 288}));
}

TEST_F(Overlay, LayoutsAndHeads) {
  EXPECT_EQ(names_of(draw({.head = "all"})),
            (Names{"true-head0", "true-head1", "true-head2", "true-head3"}));
  EXPECT_EQ(names_of(draw({.query = "runner-up", .head = "2,0"})),
            (Names{"runner-up-head2", "runner-up-head0"}));
  EXPECT_EQ(names_of(draw({.query = "all"})), (Names{"class0-mean", "class1-mean", "class2-mean"}));
  const auto strip = draw({.layout = "strip", .caption = false});
  EXPECT_EQ(names_of(strip), (Names{"true-strip"}));
  EXPECT_EQ(strip[0].image.size, (ImageSize{192, 6 * 288}));
  const auto side = draw({.layout = "side", .caption = false, .long_side = 96});
  EXPECT_EQ(side[0].image.size, (ImageSize{64, 192}));
}

TEST_F(Overlay, AGridHasARowForEachQuery) {
  const auto grid = draw({.layout = "grid", .query = "all", .caption = false});
  EXPECT_EQ(names_of(grid), (Names{"all-grid"}));
  EXPECT_EQ(grid[0].image.size, (ImageSize{3 * 192, 6 * 288}));
  // The rows are the strips of the queries.
  const auto strips = draw({.layout = "strip", .query = "all", .caption = false});
  std::vector<std::uint8_t> rows;
  for (const NamedPicture& strip : strips)
    rows.insert(rows.end(), strip.image.rgb.begin(), strip.image.rgb.end());
  EXPECT_EQ(grid[0].image.rgb, rows);
  EXPECT_EQ(names_of(draw({.layout = "grid"})), (Names{"true-grid"}));
  EXPECT_EQ(names_of(draw({.layout = "grid", .map = "value", .query = "all"})),
            (Names{"value-grid"}));
  // Text and bar come on top.
  const auto labeled = draw({.layout = "grid", .query = "all"});
  EXPECT_GT(labeled[0].image.size.height, 3 * 192 + 100);
}

TEST_F(Overlay, AComparisonShowsBothMapsAndTheirDifference) {
  const OverlayOptions three{.layout = "contrast",
                             .interpolation = "nearest",
                             .scale = "map",
                             .caption = false,
                             .long_side = 96};
  const auto pictures = draw(three);
  EXPECT_EQ(names_of(pictures), (Names{"true-compared-mean"}));
  const Image& image = pictures[0].image;
  ASSERT_EQ(image.size, (ImageSize{64, 3 * 96}));
  const auto part = [&](std::int64_t place) {
    std::vector<std::uint8_t> rgb;
    for (std::int64_t y = 0; y < 64; ++y) {
      const auto first = image.rgb.begin() + (y * 3 + place) * 96 * 3;
      rgb.insert(rgb.end(), first, first + 96 * 3);
    }
    return rgb;
  };
  OverlayOptions one = three;
  one.layout = "single";
  EXPECT_EQ(part(0), draw(one)[0].image.rgb);
  one.query = "runner-up";  // the sample is right: its best other class
  EXPECT_EQ(part(1), draw(one)[0].image.rgb);
  one.query = "true";
  one.map = "contrast";
  EXPECT_EQ(part(2), draw(one)[0].image.rgb);
  OverlayOptions heads = three;
  heads.head = "all";
  EXPECT_EQ(names_of(draw(heads)), (Names{"true-compared-head0", "true-compared-head1",
                                          "true-compared-head2", "true-compared-head3"}));
}

TEST_F(Overlay, ContoursAreDrawnOverMapsButNotOverDifferences) {
  const auto changed = [&](OverlayOptions options) {
    options.caption = false;
    options.contour = false;
    const Image plain = draw(options)[0].image;
    options.contour = true;
    const Image outlined = draw(options)[0].image;
    std::vector<bool> thirds(3, false);
    for (std::size_t i = 0; i < plain.rgb.size(); ++i)
      if (plain.rgb[i] != outlined.rgb[i])
        thirds[i / 3 % static_cast<std::size_t>(plain.size.width) * 3 /
               static_cast<std::size_t>(plain.size.width)] = true;
    return thirds;
  };
  EXPECT_EQ(changed({}), (std::vector<bool>{true, true, true}));
  EXPECT_EQ(changed({.layout = "contrast"}), (std::vector<bool>{true, true, false}));
  // The note below the figure.
  EXPECT_GT(draw({.contour = true})[0].image.size.height, draw({})[0].image.size.height);
}

TEST_F(Overlay, AScaleOfTheSampleHoldsForAllItsHeads) {
  const OverlayOptions options{.head = "all", .scale = "sample", .caption = false};
  const auto all = draw(options);
  int others = 0;  // heads whose own peak is not the sample's
  for (std::size_t head = 0; head < all.size(); ++head) {
    OverlayOptions alone = options;
    alone.head = std::to_string(head);
    if (draw(alone)[0].image.rgb != all[head].image.rgb) ++others;
  }
  EXPECT_GT(others, 0);
  EXPECT_LT(others, 4);
}

TEST_F(Overlay, ThePublishedTreeIsNotForSinglePictures) {
  EXPECT_THROW(draw({.style = "reference", .layout = "reference", .query = "all"}), UsageError);
}

TEST_F(Overlay, OtherMapsHaveOtherNames) {
  EXPECT_EQ(names_of(draw({.map = "contrast"})), (Names{"true-contrast-mean"}));
  EXPECT_EQ(names_of(draw({.layout = "strip", .map = "rollout", .query = "predicted"})),
            (Names{"predicted-rollout-strip"}));
  EXPECT_EQ(names_of(draw({.map = "value", .query = "all", .head = "all"})).size(), 4U);
  EXPECT_THROW(draw({.style = "reference", .map = "value"}), UsageError);
}

/// Color of the point that a cell looks at, in a picture of 96 x 64 pixels of 2 x 3 cells.
Color at_cell(const Image& image, std::int64_t row, std::int64_t column) {
  const auto place = static_cast<std::size_t>((row * 32 * image.size.width + column * 32) * 3);
  return {image.rgb[place], image.rgb[place + 1], image.rgb[place + 2]};
}

TEST_F(Overlay, ContrastIsTheQuerysMapMinusThatOfTheBestOtherClass) {
  const auto image = draw({.map = "contrast",
                           .interpolation = "nearest",
                           .scale = "map",
                           .opacity = 1,
                           .caption = false,
                           .long_side = 96})[0]
                         .image;
  const DumpSample& sample = reader_.sample(0);
  const SampleMaps maps(reader_.facts(), sample, reader_.maps(0));
  const std::vector<float> own = maps.mean(0, 0), other = maps.mean(0, 1);
  EXPECT_EQ(sample.query[1], sample.top_class[1]);  // the sample is right: its runner-up
  float largest = 0;
  for (std::size_t i = 0; i < own.size(); ++i)
    largest = std::max(largest, std::abs(own[i] - other[i]));
  std::int64_t red = 0, blue = 0;
  for (std::int64_t cell = 0; cell < 6; ++cell) {
    const auto place = static_cast<std::size_t>(cell);
    const float difference = own[place] - other[place];
    if (std::abs(difference) < 0.3F * largest) continue;  // pale
    const Color color = at_cell(image, cell / 3, cell % 3);
    if (difference > 0) {
      ++red;
      EXPECT_GT(color[0], color[2]) << cell;
    } else {
      ++blue;
      EXPECT_GT(color[2], color[0]) << cell;
    }
  }
  EXPECT_GT(red, 0);
  EXPECT_GT(blue, 0);
}

TEST_F(Overlay, ValueMapsAreOneForAllQueries) {
  const OverlayOptions options{.map = "value",
                               .query = "true",
                               .head = "0",
                               .interpolation = "nearest",
                               .scale = "map",
                               .palette = "grey",
                               .opacity = 1,
                               .caption = false,
                               .long_side = 96};
  const auto pictures = draw(options);
  EXPECT_EQ(names_of(pictures), (Names{"value-head0"}));
  // Values grow from cell to cell; the largest has the last color.
  EXPECT_EQ(at_cell(pictures[0].image, 1, 2), (Color{255, 255, 255}));
  OverlayOptions other = options;
  other.query = "runner-up";
  EXPECT_EQ(draw(other)[0].image.rgb, pictures[0].image.rgb);
}

TEST(OverlayMap, WhatWasNotStoredNamesTheOption) {
  const test::DrawingDump dump;
  const MapReader reader = dump.open();
  for (const auto& [map, option] :
       {std::pair{"value", "--values norm"}, {"rollout", "--encoder"}}) {
    OverlayOptions options;
    options.map = map;
    try {
      const OverlayDrawer drawer(reader.facts(), options);
      FAIL() << map;
    } catch (const UsageError& error) {
      EXPECT_NE(std::string(error.what()).find(option), std::string::npos) << error.what();
    }
  }
}

TEST_F(Overlay, ReferenceStyleKeepsItsSize) {
  const auto pictures = draw({.style = "reference", .layout = "side"});
  EXPECT_EQ(pictures[0].image.size, (ImageSize{51, 154}));
}

TEST_F(Overlay, ASampleWithoutLabelShowsItsBestClass) {
  EXPECT_EQ(names_of(draw({}, reader_.size() - 1)), (Names{"predicted-mean"}));
}

TEST(OverlayQuery, APrefixReachesClassesNamedLikeAWord) {
  test::SyntheticDump dump;
  dump.classes = {"all", "class:bee", "cat"};
  const test::DrawingDump drawing(dump);
  const MapReader reader = drawing.open();
  const auto names = [&](const std::string& query) {
    OverlayOptions options;
    options.query = query;
    return OverlayDrawer(reader.facts(), options).names(reader.sample(0));
  };
  EXPECT_EQ(names("all").size(), 3U);
  EXPECT_EQ(names("class:all"), (Names{"class0-mean"}));
  EXPECT_EQ(names("class:bee"), (Names{"class1-mean"}));  // a name, not a prefix
  EXPECT_EQ(names("class:cat"), (Names{"class2-mean"}));
  EXPECT_EQ(names("class:2"), (Names{"class2-mean"}));
  EXPECT_THROW(names("class:predicted"), UsageError);
}

TEST_F(Overlay, PicturesAreEncodedAsTheOptionsSay) {
  const Image image = draw({.caption = false})[0].image;
  OverlayOptions options;
  EXPECT_EQ(picture_extension(options), "png");
  EXPECT_EQ(decode_image(encode_picture(image, options), "png").rgb, image.rgb);
  options.format = "webp";
  EXPECT_EQ(picture_extension(options), "webp");
  EXPECT_EQ(sniff_codec(encode_picture(image, options)), Codec::kWebp);
  options.format = "jpeg";
  EXPECT_EQ(picture_extension(options), "jpg");
  EXPECT_EQ(sniff_codec(encode_picture(image, options)), Codec::kJpeg);
}

TEST_F(Overlay, WhatTheDumpLacksIsRefused) {
  EXPECT_THROW(draw({.head = "7"}), UsageError);
  EXPECT_THROW(draw({.head = "x"}), UsageError);
  EXPECT_THROW(draw({.head = "-1"}), UsageError);
  EXPECT_THROW(draw({.query = "aunt"}), UsageError);
  EXPECT_THROW(draw({.layer = 4}), UsageError);
}

TEST(OverlayQuery, AClassThatIsNotStoredNamesTheOption) {
  test::SyntheticDump small;
  small.slots = 1;
  const test::DrawingDump dump(small);
  const MapReader reader = dump.open();
  OverlayOptions options;
  options.query = std::string("2");  // GCC 12 warns of one letter without reason
  const OverlayDrawer drawer(reader.facts(), options);
  try {
    drawer.names(reader.sample(0));
    FAIL() << "named";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("--queries true,top:5,class:2"), std::string::npos);
  }
}

/// Signed maps over pictures: for the class in the first cell, against it in the last.
class SignedOverlay : public ::testing::Test {
 protected:
  std::string path() const { return dump_.path() + "-signed.h5"; }
  NamedPicture draw(const OverlayOptions& options, std::int64_t row = 0) const {
    const OverlayDrawer drawer(reader_.facts(), options);
    const DumpSample& sample = reader_.sample(row);
    const SampleMaps maps(reader_.facts(), sample, reader_.maps(row));
    auto pictures = drawer.draw(sample, maps, test::DrawingDump::picture(sample));
    EXPECT_EQ(pictures.size(), 1U);
    return pictures.front();
  }
  std::string refusal(const OverlayOptions& options) const {
    try {
      const OverlayDrawer drawer(reader_.facts(), options);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "drawn";
  }

  test::DrawingDump dump_;
  MapReader reader_ = (test::write_signed_file(path(), dump_.open()), MapReader::open(path()));
};

TEST_F(SignedOverlay, RedIsForTheClassAndBlueAgainstIt) {
  const Palette palette = palette_named("diverging");
  const Image photo = test::DrawingDump::picture(reader_.sample(0));
  OverlayOptions options{.query = "all",
                         .interpolation = "nearest",
                         .scale = "map",
                         .opacity = 1,
                         .caption = false,
                         .long_side = 96};
  const NamedPicture drawn = draw(options);
  EXPECT_EQ(drawn.what, "class0-attribution");
  EXPECT_EQ(at_cell(drawn.image, 0, 0), palette[255]);
  EXPECT_EQ(at_cell(drawn.image, 0, 1), at_cell(photo, 0, 1));  // nothing: the photo stays
  const Color against = at_cell(drawn.image, 1, 2);             // half as much
  EXPECT_GT(against[2], against[0]);
  options.scale = "fixed:0.125";  // row 0 holds 0.25 and -0.125
  EXPECT_EQ(at_cell(draw(options).image, 0, 0), palette[255]);
  EXPECT_EQ(at_cell(draw(options).image, 1, 2), palette[0]);
  options.scale = "shared";  // up to 1.25, in the last row
  EXPECT_EQ(at_cell(draw(options, 4).image, 0, 0), palette[255]);
  EXPECT_NE(at_cell(draw(options, 3).image, 0, 0), palette[255]);
  options.palette = "viridis";
  EXPECT_EQ(at_cell(draw(options, 4).image, 0, 0), palette[255]);
}

TEST_F(SignedOverlay, TheBarSaysWhatItIs) {
  OverlayOptions options{.query = "predicted", .scale = "map"};
  options.caption = false;
  const Image plain = draw(options).image;
  options.caption = true;
  const NamedPicture drawn = draw(options);
  EXPECT_EQ(drawn.what, "predicted-attribution");
  Caption caption =
      caption_of(reader_.facts(), reader_.sample(0), "attribution to ant (predicted)");
  caption.note = "attribution: red for the class, blue against it";
  const ColorBar bar{palette_named("diverging"), "-0.25", "0.25", "0"};
  EXPECT_TRUE(drawn.image.rgb == compose_figure({{{{plain, "attribution"}}}}, caption, {bar}).rgb);
  options.layout = "side";
  const Image photo = OverlayFigure(reader_.facts(), options, MapField::kMap)
                          .shown_photo(test::DrawingDump::picture(reader_.sample(0)));
  EXPECT_TRUE(draw(options).image.rgb ==
              compose_figure({{{{photo, "photo"}, {plain, "attribution"}}}}, caption, {bar}).rgb);
}

TEST_F(SignedOverlay, WhatHasNoMeaningIsRefused) {
  EXPECT_EQ(refusal({.layout = "side", .query = "all", .scale = "sample"}), "drawn");
  EXPECT_NE(refusal({.style = "reference"}).find("--style: "), std::string::npos);
  for (const char* layout : {"strip", "grid", "contrast"})
    EXPECT_NE(refusal({.layout = layout}).find("use single or side"), std::string::npos) << layout;
  for (const char* map : {"contrast", "rollout", "value"})
    EXPECT_NE(refusal({.map = map}).find("nothing else"), std::string::npos) << map;
  for (const char* head : {"all", "0"})
    EXPECT_NE(refusal({.head = head}).find("--head: "), std::string::npos) << head;
  EXPECT_NE(refusal({.contour = true}).find("no share of its sum"), std::string::npos);
  // Sample 13 was taken for another class: there is no map of its own.
  try {
    draw({.query = "true"}, 1);
    FAIL() << "drawn";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("leave out --query"), std::string::npos)
        << error.what();
  }
}

TEST(OverlayOrientation, PicturesAreTurnedAfterDrawing) {
  test::SyntheticDump turned;
  turned.adjust = [](DumpSample& sample) { sample.orientation = 6; };
  const test::DrawingDump dump(turned);
  const MapReader reader = dump.open();
  const SampleMaps maps(reader.facts(), reader.sample(0), reader.maps(0));
  const Image photo = test::DrawingDump::picture(reader.sample(0));
  const OverlayOptions plain{.caption = false, .long_side = 96};
  const Image image =
      OverlayDrawer(reader.facts(), plain).draw(reader.sample(0), maps, photo)[0].image;
  EXPECT_EQ(image.size, (ImageSize{96, 64}));
}

}  // namespace
}  // namespace intr
