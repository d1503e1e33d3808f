// SPDX-License-Identifier: Apache-2.0
#include "preprocess/reencoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "intr/core/error.h"
#include "intr/image/encode.h"
#include "intr/image/resize.h"

namespace intr {
namespace {

bool is_longer(ImageSize size, std::int64_t max_side) {
  return max_side > 0 && std::max(size.width, size.height) > max_side;
}

}  // namespace

bool Reencoding::concerns(const ImageFacts& facts) const {
  return is_longer(facts.size, max_side) ||
         std::find(transcode.begin(), transcode.end(), facts.codec) != transcode.end();
}

void Reencoding::add_to(nlohmann::ordered_json& options) const {
  if (max_side > 0) {
    options["max_side"] = max_side;
    options["reduced_as"] = store_png ? std::string("png") : fmt::format("jpeg {}", quality);
  }
  if (transcode.empty()) return;
  std::vector<std::string> names;
  for (const Codec codec : transcode) names.emplace_back(codec_name(codec));
  std::sort(names.begin(), names.end());
  options["transcode"] = fmt::format("{}=png", fmt::join(names, ","));
}

std::vector<Codec> parse_transcode(const std::string& text) {
  static constexpr std::array kLossless = {Codec::kTiff, Codec::kBmp, Codec::kGif, Codec::kPnm};
  std::vector<Codec> codecs;
  if (text.empty()) return codecs;
  const std::size_t equals = text.find('=');
  std::istringstream names(text.substr(0, equals));
  for (std::string name; std::getline(names, name, ',');) {
    const auto* const codec = std::find_if(kLossless.begin(), kLossless.end(),
                                           [&](Codec c) { return name == codec_name(c); });
    if (codec == kLossless.end())
      throw UsageError(fmt::format("'{}' cannot be rewritten", name), "--transcode",
                       "choose of tiff, bmp, gif and pnm, as in --transcode tiff,bmp=png");
    if (std::find(codecs.begin(), codecs.end(), *codec) == codecs.end()) codecs.push_back(*codec);
  }
  if (codecs.empty() || equals == std::string::npos || text.substr(equals + 1) != "png")
    throw UsageError(fmt::format("'{}' does not say what becomes PNG", text), "--transcode",
                     "write it as in --transcode tiff,bmp,gif,pnm=png");
  return codecs;
}

ImageSize reduced_size(ImageSize size, std::int64_t max_side) {
  const std::int64_t longer = std::max(size.width, size.height);
  if (longer <= max_side) return size;
  const auto scaled = [&](std::int64_t side) {
    return side == longer
               ? max_side
               : std::max<std::int64_t>(1, (2 * side * max_side + longer) / (2 * longer));
  };
  return {scaled(size.height), scaled(size.width)};
}

std::vector<std::byte> reencode(const Reencoding& rules, std::span<const std::byte> bytes,
                                const std::string& where, const DecodePolicy& policy,
                                ImageFacts& facts) {
  Image image = decode_image(bytes, where, &facts, policy);
  const bool reduced = is_longer(image.size, rules.max_side);
  if (reduced) image = resize_bilinear(image, reduced_size(image.size, rules.max_side));
  const bool jpeg = reduced && !rules.store_png;
  facts.codec = jpeg ? Codec::kJpeg : Codec::kPng;
  facts.size = image.size;
  facts.flags |= kReencoded;
  // The stored bytes have no tag any more: a reader must not swap the sides once again.
  if (policy.apply_exif && facts.orientation > 1) facts.flags |= kOrientationApplied;
  return jpeg ? encode_jpeg(image, rules.quality) : encode_png(image);
}

}  // namespace intr
