// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "intr/attention/overlay_options.h"
#include "intr/image/image.h"

namespace intr {

/// A finished picture of a sample.
struct NamedPicture {
  std::string what;  ///< part of its file name, such as "true-mean"
  Image image;
};

/// A finished picture as the options want it stored, and what such a file's name ends in.
std::vector<std::byte> encode_picture(const Image& image, const OverlayOptions& options);
std::string picture_extension(const OverlayOptions& options);

}  // namespace intr
