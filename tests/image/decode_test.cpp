// SPDX-License-Identifier: Apache-2.0
#include "intr/image/decode.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "image/golden.h"
#include "intr/core/error.h"

namespace intr {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  std::vector<std::byte> bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

std::string refusal(std::span<const std::byte> bytes) {
  try {
    decode_image(bytes, "some/file.jpg");
  } catch (const DataError& error) {
    EXPECT_EQ(error.code(), ExitCode::kBadData);
    return error.what();
  }
  return "decoded";
}

PixelMode mode_named(const std::string& name) {
  static const std::map<std::string, PixelMode> modes = {
      {"1", PixelMode::k1},       {"L", PixelMode::kL},      {"LA", PixelMode::kLA},
      {"P", PixelMode::kP},       {"RGB", PixelMode::kRGB},  {"RGBA", PixelMode::kRGBA},
      {"CMYK", PixelMode::kCMYK}, {"I;16", PixelMode::kI16}, {"I", PixelMode::kI32}};
  return modes.at(name);
}

TEST(Decode, EveryPictureHasPillowsPixels) {
  int decoded = 0, refused = 0;
  const auto golden = golden_json("decode.json");
  for (const auto& [name, expected] : golden.at("pictures").items()) {
    SCOPED_TRACE(name);
    const std::vector<std::byte> bytes = golden_bytes(name);
    if (expected.contains("error")) {
      EXPECT_NE(refusal(bytes).find("some/file.jpg: "), std::string::npos);
      ++refused;
      continue;
    }
    ImageFacts facts;
    const Image image = decode_image(bytes, name, &facts);
    EXPECT_EQ(digest(image), expected.at("rgb"));
    EXPECT_EQ(digest(decode_image(bytes, name)), expected.at("rgb"));
    EXPECT_EQ(image.size.width, expected.at("width"));
    EXPECT_EQ(image.size.height, expected.at("height"));
    EXPECT_EQ(facts.size, image.size);
    EXPECT_EQ(facts.mode, mode_named(expected.at("mode")));
    EXPECT_EQ(facts.orientation, expected.at("orientation"));
    const ImageFacts probed = probe_image(bytes, name);
    EXPECT_EQ(probed.size, facts.size);
    EXPECT_EQ(probed.codec, facts.codec);
    EXPECT_EQ(probed.mode, facts.mode);
    EXPECT_EQ(probed.orientation, facts.orientation);
    ++decoded;
  }
  EXPECT_GT(decoded, 100);
  EXPECT_GT(refused, 15);
}

TEST(Decode, ACutAnywhereInsideThePixelsIsRefused) {
  for (const char* name : {"baseline_420.jpg", "progressive.jpg", "arithmetic.jpg", "rgb.png"}) {
    const std::vector<std::byte> bytes = golden_bytes(name);
    const std::size_t end = bytes.size() - (name[0] == 'r' ? 40 : 0);  // behind a PNG's pixels
    for (std::size_t length = 0; length < end; length += length < 30 ? 1 : 17)
      EXPECT_THROW(decode_image(std::span(bytes).first(length), name), DataError)
          << name << " cut at " << length;
    if (name[0] != 'r') {
      EXPECT_THROW(decode_image(std::span(bytes).first(end - 1), name), DataError) << name;
    }
  }
}

TEST(Decode, MessagesSayWhatTheFileIs) {
  EXPECT_EQ(refusal({}),
            "some/file.jpg: the file is empty. Next: replace the file or leave it out");
  EXPECT_NE(refusal(bytes_of("<!DOCTYPE html><html>404")).find("web page"), std::string::npos);
  EXPECT_NE(refusal(bytes_of("version https://git-lfs.github.com/spec/v1\n")).find("git lfs pull"),
            std::string::npos);
  EXPECT_NE(refusal(bytes_of("label,path\n")).find("text"), std::string::npos);
  EXPECT_NE(refusal(bytes_of(std::string_view("\0\1\2\3", 4))).find("no picture format"),
            std::string::npos);
  EXPECT_NE(refusal(bytes_of("GIF89a")).find("broken GIF picture"), std::string::npos);
  EXPECT_NE(refusal(golden_bytes("huge.png")).find("20000 x 20000"), std::string::npos);
  EXPECT_NE(refusal(golden_bytes("huge.jpg")).find("limit"), std::string::npos);
  EXPECT_NE(refusal(golden_bytes("no_end_marker.jpg")).find("end before the picture"),
            std::string::npos);
  EXPECT_NE(refusal(golden_bytes("lossless.jpg")).find("lossless JPEG"), std::string::npos);
  EXPECT_NE(refusal(golden_bytes("twelve_bits.jpg")).find("JPEG with 12 bits"), std::string::npos);
}

TEST(Decode, CodecIsSeenFromTheFirstBytes) {
  const std::map<std::string, Codec> starts = {
      {"\xFF\xD8\xFF\xE0", Codec::kJpeg},
      {std::string("\x89PNG\r\n\x1A\n"), Codec::kPng},
      {std::string("RIFF\4\0\0\0WEBPVP8 ", 16), Codec::kWebp},
      {"BM6", Codec::kBmp},
      {"P6\n", Codec::kPnm},
      {std::string("II*\0", 4), Codec::kTiff},
      {std::string("MM\0*", 4), Codec::kTiff},
      {"GIF87a", Codec::kGif},
      {"P6", Codec::kUnknown},
      {"", Codec::kUnknown}};
  for (const auto& [start, codec] : starts)
    EXPECT_EQ(sniff_codec(bytes_of(start)), codec) << codec_name(codec);
  EXPECT_STREQ(codec_name(Codec::kJpeg), "jpeg");
  EXPECT_STREQ(codec_name(Codec::kUnknown), "unknown");
}

TEST(Decode, PixelLimit) {
  EXPECT_NO_THROW(check_pixel_limit({1, kMaxPixels}, "x"));
  EXPECT_THROW(check_pixel_limit({2, kMaxPixels / 2 + 1}, "x"), DataError);
  EXPECT_THROW(check_pixel_limit({0, 5}, "x"), DataError);
}

}  // namespace
}  // namespace intr
