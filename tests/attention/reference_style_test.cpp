// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/reference_style.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "intr/core/half.h"
#include "intr/core/hash.h"
#include "intr/image/decode.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

/// The picture of make_reference_golden.py.
Image pattern(std::int64_t width, std::int64_t height) {
  Image image{{height, width}, {}};
  for (std::uint64_t y = 0; y < static_cast<std::uint64_t>(height); ++y)
    for (std::uint64_t x = 0; x < static_cast<std::uint64_t>(width); ++x)
      for (std::uint64_t c = 0; c < 3; ++c) {
        const std::uint64_t noise = (x * 2654435761u + y * 40503u + c * 97u) >> 7;
        image.rgb.push_back(static_cast<std::uint8_t>((x * 3 + y * 2 + c * 40 + noise % 23) % 256));
      }
  return image;
}

std::vector<float> attention(std::int64_t columns, std::int64_t rows, std::int64_t number) {
  std::vector<float> map;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      map.push_back(static_cast<float>((r * 37 + c * 101 + r * c * 13 + number * 7) % 251) / 1024);
  return map;
}

/// A file beside the golden values, decoded.
Image stored_picture(const std::string& name) {
  const std::string bytes = read_file(INTR_GOLDEN "/" + name);
  return decode_image(std::as_bytes(std::span(bytes)), name);
}

TEST(ReferenceStyle, EqualToThePublishedRecipe) {
  const auto golden = read_json(INTR_GOLDEN "/reference_style.json");
  std::int64_t number = 0, of_files = 0;
  for (const auto& row :
       golden.at("file, map, width, height, columns, rows, new width, new height, rgb")) {
    SCOPED_TRACE(row.dump());
    const std::string file = row.at(0);
    const std::int64_t columns = row.at(4), rows = row.at(5);
    const std::vector<float> map =
        row.at(1) == "constant" ? std::vector<float>(static_cast<std::size_t>(rows * columns), 0.3F)
                                : attention(columns, rows, file.empty() ? number : of_files++);
    const Image photo = file.empty() ? pattern(row.at(2), row.at(3)) : stored_picture(file);
    EXPECT_EQ(photo.size, (ImageSize{row.at(3), row.at(2)}));
    const ReferenceOverlay overlay =
        draw_reference_overlay(reduce_for_reference(photo), map, {rows, columns});
    EXPECT_EQ(overlay.picture.size, (ImageSize{row.at(7), row.at(6)}));
    EXPECT_EQ(fmt::format("{:016x}", xxh3_64(std::as_bytes(std::span(overlay.picture.rgb)))),
              row.at(8));
    EXPECT_EQ(overlay.constant_map, row.at(1) == "constant" || map.size() == 1);
    ++number;
  }
  EXPECT_EQ(number, 27);
  EXPECT_EQ(of_files, 4);
}

TEST(ReferenceStyle, HalfPrecisionMovesNoPixelByMoreThanFourLevels) {
  const Image photo = reduce_for_reference(pattern(300, 260));
  for (const ImageSize grid : {ImageSize{25, 34}, ImageSize{7, 5}, ImageSize{2, 9}}) {
    std::vector<float> exact, rounded;
    for (std::int64_t cell = 0; cell < grid.area(); ++cell) {
      exact.push_back(std::exp(2 * std::sin(static_cast<float>(cell * cell % 97))) / 999);
      rounded.push_back(float_from_half(half_from_float(exact.back())));
    }
    ASSERT_NE(exact, rounded);
    const Image a = draw_reference_overlay(photo, exact, grid).picture;
    const Image b = draw_reference_overlay(photo, rounded, grid).picture;
    for (std::size_t i = 0; i < a.rgb.size(); ++i)
      ASSERT_NEAR(int{a.rgb[i]}, int{b.rgb[i]}, 4) << i;
  }
}

}  // namespace
}  // namespace intr
