// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay.h"

#include <gtest/gtest.h>

#include "attention/drawing_dump.h"
#include "intr/core/error.h"
#include "intr/image/decode.h"

namespace intr {
namespace {

class Overlay : public ::testing::Test {
 protected:
  std::vector<NamedPicture> draw(const OverlayOptions& options, std::int64_t row = 0) const {
    const OverlayDrawer drawer(reader_.facts(), options);
    const DumpSample& sample = reader_.sample(row);
    const SampleMaps maps(reader_.facts(), sample, reader_.maps(row));
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

  test::DrawingDump dump_;
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
  options.query = "2";
  const OverlayDrawer drawer(reader.facts(), options);
  try {
    drawer.names(reader.sample(0));
    FAIL() << "named";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("--queries true,top:5,class:2"), std::string::npos);
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
