// SPDX-License-Identifier: Apache-2.0
#include "intr/image/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "codecs.h"
#include "intr/core/error.h"
#include "intr/image/display.h"

namespace intr {

namespace {

using namespace std::string_view_literals;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A guess at what a file is that is no picture, for the message.
std::string describe_content(std::span<const std::byte> bytes) {
  const std::string_view text = as_text(bytes);
  if (text.empty()) return "the file is empty";
  if (text.starts_with("version https://git-lfs"))
    return "this is a Git LFS pointer, not the picture itself; fetch it with 'git lfs pull'";
  const std::string_view start = text.substr(0, 256);
  if (start.find("<html") != start.npos || start.find("<!DOCTYPE html") != start.npos ||
      start.find("<HTML") != start.npos)
    return "this is a web page, probably an error message of a download, not a picture";
  const bool printable =
      std::all_of(start.begin(), start.end(), [](char c) { return c >= ' ' || c == '\n'; });
  return printable ? "this is text, not a picture" : "no picture format begins with these bytes";
}

}  // namespace

Codec sniff_codec(std::span<const std::byte> bytes) noexcept {
  const std::string_view text = as_text(bytes);
  if (text.starts_with("\xFF\xD8\xFF"sv)) return Codec::kJpeg;
  if (text.starts_with("\x89PNG\r\n\x1A\n"sv)) return Codec::kPng;
  if (text.starts_with("RIFF"sv) && text.size() >= 12 && text.substr(8, 4) == "WEBP"sv)
    return Codec::kWebp;
  if (text.starts_with("BM"sv)) return Codec::kBmp;
  if (text.size() >= 3 && text[0] == 'P' && text[1] >= '1' && text[1] <= '6' &&
      " \t\r\n#"sv.find(text[2]) != std::string_view::npos)
    return Codec::kPnm;
  if (text.starts_with("II*\0"sv) || text.starts_with("MM\0*"sv) || text.starts_with("II+\0"sv) ||
      text.starts_with("MM\0+"sv))
    return Codec::kTiff;
  if (text.starts_with("GIF87a"sv) || text.starts_with("GIF89a"sv)) return Codec::kGif;
  return Codec::kUnknown;
}

const char* codec_name(Codec codec) noexcept {
  switch (codec) {
    case Codec::kJpeg:
      return "jpeg";
    case Codec::kPng:
      return "png";
    case Codec::kWebp:
      return "webp";
    case Codec::kBmp:
      return "bmp";
    case Codec::kPnm:
      return "pnm";
    case Codec::kTiff:
      return "tiff";
    case Codec::kGif:
      return "gif";
    case Codec::kUnknown:
      break;
  }
  return "unknown";
}

void check_pixel_limit(ImageSize size, const std::string& where, std::int64_t max_pixels) {
  if (size.width < 1 || size.height < 1)
    throw DataError(fmt::format("a picture of {} x {} pixels", size.width, size.height), where,
                    "replace the file or leave it out");
  if (size.width > max_pixels / size.height)
    throw DataError(fmt::format("a picture of {} x {} pixels, more than the limit of {}",
                                size.width, size.height, max_pixels),
                    where, "reduce the picture or leave it out");
}

void refuse_picture(const EncodedPicture& picture, const char* kind, const std::string& reason,
                    std::int64_t offset) {
  const std::string place = offset >= 0 ? fmt::format(" (at byte {})", offset) : "";
  throw PictureError(fmt::format("broken {} picture: {}{}", kind, reason, place), picture.where,
                     offset);
}

void set_size(Image& image, ImageSize size) {
  image.size = size;
  image.rgb.resize(static_cast<std::size_t>(size.area()) * 3);
}

Image decode_image(std::span<const std::byte> bytes, const std::string& where, ImageFacts* facts,
                   const DecodePolicy& policy) {
  Image image;
  decode_image_into(image, bytes, where, policy, facts);
  return image;
}

void decode_image_into(Image& image, std::span<const std::byte> bytes, const std::string& where,
                       const DecodePolicy& policy, ImageFacts* facts) {
  const EncodedPicture picture{bytes, where, policy};
  ImageFacts own;
  ImageFacts& found = facts != nullptr ? *facts : own;
  const bool wanted = facts != nullptr || policy.apply_exif;
  switch (sniff_codec(bytes)) {
    case Codec::kJpeg:
      decode_jpeg(picture, image, wanted ? &found : nullptr);
      break;
    case Codec::kPng:
      decode_png(picture, image, wanted ? &found : nullptr);
      break;
    case Codec::kWebp:
      decode_webp(picture, image, found);
      break;
    case Codec::kBmp:
      decode_bmp(picture, image, found);
      break;
    case Codec::kPnm:
      decode_pnm(picture, image, found);
      break;
    case Codec::kTiff:
      decode_tiff(picture, image, found);
      break;
    case Codec::kGif:
      decode_gif(picture, image, found);
      break;
    case Codec::kUnknown:
      throw DataError(describe_content(bytes), where, "replace the file or leave it out");
  }
  if (policy.apply_exif && (found.flags & kOrientationApplied) == 0)
    image = upright(std::move(image), found.orientation);
}

ImageFacts probe_image(std::span<const std::byte> bytes, const std::string& where,
                       const DecodePolicy& policy) {
  const EncodedPicture picture{bytes, where, policy};
  switch (sniff_codec(bytes)) {
    case Codec::kJpeg:
      return probe_jpeg(picture);
    case Codec::kPng:
      return probe_png(picture);
    case Codec::kWebp:
      return probe_webp(picture);
    case Codec::kBmp:
      return probe_bmp(picture);
    case Codec::kPnm:
      return probe_pnm(picture);
    case Codec::kTiff:
      return probe_tiff(picture);
    case Codec::kGif:
      return probe_gif(picture);
    case Codec::kUnknown:
      break;
  }
  throw DataError(describe_content(bytes), where, "replace the file or leave it out");
}

}  // namespace intr
