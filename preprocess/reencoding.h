// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "intr/image/decode.h"

namespace intr {

/// Which pictures are stored as others than the source's bytes, and how.
struct Reencoding {
  std::int64_t max_side = 0;          ///< pictures with a longer side are reduced to it; 0: none
  bool store_png = false;             ///< reduced pictures become PNG, not JPEG
  int quality = 95;                   ///< of the JPEG, 4:4:4
  std::vector<Codec> transcode = {};  ///< these become PNG of equal pixels

  /// Whether a picture is stored anew.
  bool concerns(const ImageFacts& facts) const;
  /// Adds what changes bytes to the options of a plan; nothing if nothing does.
  void add_to(nlohmann::ordered_json& options) const;
};

/// "tiff,bmp,gif,pnm=png" -> codecs. @throws UsageError
std::vector<Codec> parse_transcode(const std::string& text);

/// The size with a long side of `max_side`: the short side is rounded half up, at least 1.
ImageSize reduced_size(ImageSize size, std::int64_t max_side);

/// A picture as it will be stored. Equal pixels and rules give equal bytes.
/// @param facts of the source; codec, size and flags become those of the stored picture, mode and
/// orientation stay the source's
/// @throws DataError if it cannot be decoded
std::vector<std::byte> reencode(const Reencoding& rules, std::span<const std::byte> bytes,
                                const std::string& where, const DecodePolicy& policy,
                                ImageFacts& facts);

}  // namespace intr
