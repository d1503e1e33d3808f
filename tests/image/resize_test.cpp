// SPDX-License-Identifier: Apache-2.0
#include "intr/image/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "image/golden.h"
#include "image/pattern.h"
#include "intr/core/error.h"

namespace intr {
namespace {

/// One pass over pixels `step` bytes apart, as the formula of Pillow's filter says, without tables.
void plain_pass(const std::uint8_t* source, std::int64_t in, std::int64_t step, std::int64_t out,
                std::uint8_t* target) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double support = std::max(scale, 1.0);
  for (std::int64_t x = 0; x < out; ++x) {
    const double center = (static_cast<double>(x) + 0.5) * scale;
    const auto low = std::max(0.0, std::trunc(center - support + 0.5));
    const auto high = std::min(static_cast<double>(in), std::trunc(center + support + 0.5));
    const auto weight = [&](double j) {
      return std::max(0.0, 1 - std::abs((j - center + 0.5) * (1 / support)));
    };
    double total = 0;
    for (double j = low; j < high; ++j) total += weight(j);
    std::int64_t sum = 1 << 21;
    for (double j = low; j < high; ++j)
      sum += static_cast<std::int64_t>(0.5 + weight(j) / total * 4194304) *
             source[static_cast<std::int64_t>(j) * step];
    target[x * step] = static_cast<std::uint8_t>(std::clamp<std::int64_t>(sum >> 22, 0, 255));
  }
}

Image plain_resize(const Image& image, ImageSize size) {
  Image narrow = pattern({image.size.height, size.width});
  for (std::int64_t y = 0; y < image.size.height; ++y) {
    for (std::int64_t c = 0; c < 3; ++c)
      plain_pass(image.rgb.data() + y * image.size.width * 3 + c, image.size.width, 3, size.width,
                 narrow.rgb.data() + y * size.width * 3 + c);
  }
  Image result = pattern(size);
  for (std::int64_t x = 0; x < size.width * 3; ++x)  // a pass changes one byte in `step`
    plain_pass(narrow.rgb.data() + x, image.size.height, size.width * 3, size.height,
               result.rgb.data() + x);
  return result;
}

Image cut_out(const Image& image, const Resize& resize) {
  Image part{resize.part, {}};
  for (std::int64_t y = 0; y < resize.part.height; ++y) {
    const auto* row = image.rgb.data() + ((resize.top + y) * image.size.width + resize.left) * 3;
    part.rgb.insert(part.rgb.end(), row, row + resize.part.width * 3);
  }
  return part;
}

Image mirrored(Image image) {
  const Image source = image;
  const std::int64_t width = image.size.width;
  for (std::int64_t i = 0; i < image.size.area(); ++i) {
    const std::int64_t from = i / width * width + (width - 1 - i % width);
    std::copy_n(source.rgb.data() + from * 3, 3, image.rgb.data() + i * 3);
  }
  return image;
}

std::int64_t some_side(std::mt19937& random) {
  constexpr std::array<std::uint32_t, 4> kLargest = {3, 12, 70, 330};
  return 1 + static_cast<std::int64_t>(random() % kLargest[random() % kLargest.size()]);
}

TEST(Resize, EveryKernelFollowsTheFormula) {
  std::mt19937 random(7);
  std::vector<ResizeScratch> scratches;
  for (const ResizeKernel kernel : resize_kernels()) scratches.emplace_back(kernel);
  for (int round = 0; round < 500; ++round) {
    const Image source = pattern({some_side(random), some_side(random)});
    ImageSize size{some_side(random), some_side(random)};
    if (round % 5 == 1) size.width = source.size.width;
    if (round % 5 == 2) size.height = source.size.height;
    const Image expected = plain_resize(source, size);
    for (ResizeScratch& scratch : scratches) {
      Image found{size, std::vector<std::uint8_t>(expected.rgb.size())};
      resize_bilinear_into(source, Resize::whole(size), scratch, found.rgb);
      ASSERT_EQ(found.rgb, expected.rgb)
          << source.size.width << " x " << source.size.height << " to " << size.width << " x "
          << size.height << ", kernel " << &scratch - scratches.data();
    }
  }
}

TEST(Resize, APartIsCutFromTheWholeAndMirroringComesFirst) {
  std::mt19937 random(8);
  std::vector<ResizeScratch> scratches;
  for (const ResizeKernel kernel : resize_kernels()) scratches.emplace_back(kernel);
  const auto below = [&](std::int64_t n) { return static_cast<std::int64_t>(random()) % n; };
  for (int round = 0; round < 300; ++round) {
    const Image source = pattern({some_side(random), some_side(random)});
    Resize resize = Resize::whole({some_side(random), some_side(random)});
    if (round % 7 == 1) resize.size.width = source.size.width;
    if (round % 7 == 2) resize.size.height = source.size.height;
    if (round % 7 == 3) resize.size = source.size;
    resize.mirrored = round % 2 == 1;
    resize.left = below(resize.size.width);
    resize.top = below(resize.size.height);
    resize.part = {1 + below(resize.size.height - resize.top),
                   1 + below(resize.size.width - resize.left)};
    const Image whole = resize_bilinear(resize.mirrored ? mirrored(source) : source, resize.size);
    const Image expected = cut_out(whole, resize);
    for (ResizeScratch& scratch : scratches) {
      std::vector<std::uint8_t> found(expected.rgb.size());
      resize_bilinear_into(source, resize, scratch, found);
      ASSERT_EQ(found, expected.rgb) << "round " << round;
    }
  }
}

TEST(Resize, RefusesPartsAndOutputsThatDoNotFit) {
  const Image source = pattern({4, 4});
  ResizeScratch scratch;
  std::vector<std::uint8_t> out(8 * 8 * 3);
  EXPECT_THROW(resize_bilinear_into(source, Resize::whole({8, 7}), scratch, out), InternalError);
  EXPECT_THROW(resize_bilinear_into(source, {{16, 16}, false, 9, 0, {8, 8}}, scratch, out),
               InternalError);
  EXPECT_THROW(resize_bilinear_into(source, {{16, 16}, false, 0, -1, {8, 8}}, scratch, out),
               InternalError);
  EXPECT_THROW(resize_bilinear_into(source, {{16, 16}, false, 0, 0, {0, 8}}, scratch, {}),
               InternalError);
}

TEST(Resize, ByHand) {
  // Two pixels to four: centers at 0.25, 0.75, 1.25, 1.75 of the source.
  const Image pair{{1, 2}, {0, 0, 0, 100, 200, 40}};
  const Image wide = resize_bilinear(pair, {1, 4});
  EXPECT_EQ(wide.rgb, (std::vector<std::uint8_t>{0, 0, 0, 25, 50, 10, 75, 150, 30, 100, 200, 40}));
  // Four to two: antialiased, weights 1/8 3/8 3/8 1/8 cut at the border.
  const Image narrow = resize_bilinear(wide, {1, 2});
  EXPECT_EQ(narrow.rgb[0], 21);  // (0*3 + 25*3 + 75*1) / 7 = 21.4
  EXPECT_EQ(resize_bilinear(pair, {1, 2}).rgb, pair.rgb);
}

TEST(Resize, EqualToPillow) {
  const auto golden = golden_json("resize.json");
  for (const auto& row : golden.at("width, height, new width, new height, rgb")) {
    const Image source = pattern({row.at(1), row.at(0)});
    EXPECT_EQ(digest(resize_bilinear(source, {row.at(3), row.at(2)})), row.at(4)) << row.dump();
  }
}

TEST(Resize, NoPixelsIsABugOfTheCaller) {
  EXPECT_THROW(resize_bilinear(pattern({2, 2}), {0, 5}), InternalError);
  EXPECT_THROW(resize_bilinear(Image{}, {5, 5}), InternalError);
}

TEST(ResizedSize, PublishedExamples) {
  EXPECT_EQ(resized_size({375, 500}, 800, 1333), (ImageSize{800, 1066}));
  EXPECT_EQ(resized_size({333, 500}, 800, 1333), (ImageSize{800, 1201}));
  EXPECT_EQ(resized_size({300, 1000}, 800, 1333), (ImageSize{400, 1333}));
  EXPECT_EQ(resized_size({800, 1333}, 800, 1333), (ImageSize{800, 1333}));
  EXPECT_EQ(resized_size({23, 86}, 800, 1333), (ImageSize{356, 1331}));
  EXPECT_EQ(resized_size({100, 2000}, 800, 1333), (ImageSize{67, 1340}));
  EXPECT_EQ(resized_size({2000, 100}, 800, 1333), (ImageSize{1340, 67}));
  EXPECT_EQ(resized_size({28, 28}, 96, 160), (ImageSize{96, 96}));
  EXPECT_EQ(resized_size({375, 500}, 600, 0), (ImageSize{600, 800}));
}

TEST(ResizedSize, EqualToThePublishedRuleForEverySize) {
  const auto golden = golden_json("size_rule.json");
  for (const auto& row : golden.at("short side, maximum, sizes")) {
    std::vector<std::uint8_t> bytes;
    const auto put = [&bytes](std::int64_t side) {
      for (int shift = 0; shift < 32; shift += 8)
        bytes.push_back(static_cast<std::uint8_t>(side >> shift & 255));
    };
    for (std::int64_t width = 1; width <= 1400; ++width) {
      for (std::int64_t height = 1; height <= 1400; ++height) {
        const ImageSize size = resized_size({height, width}, row.at(0), row.at(1));
        put(size.width);
        put(size.height);
      }
    }
    EXPECT_EQ(fmt::format("{:016x}", xxh3_64(std::as_bytes(std::span(bytes)))), row.at(2)) << row;
  }
}

TEST(ResizedSize, Extremes) {
  EXPECT_EQ(resized_size({2000, 1}, 800, 1333), (ImageSize{2000, 1}));
  EXPECT_EQ(resized_size({5000, 1}, 800, 1333), (ImageSize{0, 0}));
  EXPECT_THROW(resized_size({5, 0}, 800, 1333), InternalError);
}

}  // namespace
}  // namespace intr
