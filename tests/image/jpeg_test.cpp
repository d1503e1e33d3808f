// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "image/golden.h"
#include "intr/core/error.h"
#include "intr/image/decode.h"

namespace intr {
namespace {

std::uint32_t flags_of(const std::string& name) {
  ImageFacts facts;
  decode_image(golden_bytes(name), name, &facts);
  EXPECT_EQ(facts.codec, Codec::kJpeg);
  return facts.flags;
}

TEST(Jpeg, FlagsSayWhatIsOdd) {
  EXPECT_EQ(flags_of("baseline_420.jpg"), 0u);
  EXPECT_EQ(flags_of("progressive.jpg"), kProgressive);
  EXPECT_EQ(flags_of("arithmetic.jpg"), kArithmetic);
  EXPECT_EQ(flags_of("profile.jpg"), kIcc);
  EXPECT_EQ(flags_of("trailing.jpg"), kTrailingBytes);
  EXPECT_EQ(flags_of("multi_picture.jpg"), kAnimated);
  EXPECT_EQ(flags_of("cmyk.jpg"), 0u);
}

TEST(Jpeg, StrayBytesBeforeTheEndMarkerAreAWarning) {
  std::vector<std::byte> bytes = golden_bytes("baseline_420.jpg");
  bytes.insert(bytes.end() - 2, {std::byte{1}, std::byte{2}});
  ImageFacts facts;
  decode_image(bytes, "x", &facts);
  EXPECT_EQ(facts.flags, kDecoderWarning);
}

TEST(Jpeg, ProbeNeedsTheHeaderOnly) {
  std::vector<std::byte> bytes = golden_bytes("exif6.jpg");
  bytes.erase(bytes.end() - 200, bytes.end());
  const ImageFacts facts = probe_image(bytes, "x");
  EXPECT_EQ(facts.size, (ImageSize{29, 37}));
  EXPECT_EQ(facts.orientation, 6);
  EXPECT_THROW(probe_image(std::span(bytes).first(40), "x"), DataError);
}

/// A picture of 8 x 8 pixels with `scans` scans that each hold a bit more than nothing.
std::vector<std::byte> many_scans(int scans) {
  const std::vector<std::byte> whole = golden_bytes("progressive.jpg");
  const auto find = [&](std::size_t from, int marker) {
    while (whole[from] != std::byte{0xFF} || whole[from + 1] != static_cast<std::byte>(marker))
      ++from;
    return from;
  };
  const std::size_t first = find(0, 0xDA);
  const std::size_t tables = find(first, 0xC4);
  std::vector<std::byte> bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(first));
  for (int i = 0; i < scans; ++i)
    bytes.insert(bytes.end(), whole.begin() + static_cast<std::ptrdiff_t>(first),
                 whole.begin() + static_cast<std::ptrdiff_t>(tables));
  bytes.insert(bytes.end(), whole.begin() + static_cast<std::ptrdiff_t>(tables), whole.end());
  return bytes;
}

TEST(Jpeg, MoreThanAThousandScansAreRefused) {
  EXPECT_NO_THROW(decode_image(many_scans(20), "bomb.jpg"));
  try {
    decode_image(many_scans(1001), "bomb.jpg");
    FAIL() << "decoded";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("1000 scans"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace intr
