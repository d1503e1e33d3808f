// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "intr/core/option_set.h"
#include "preprocess/shard_job.h"

namespace intr {

/// How pictures are stored and decoded, and which are too large.
struct PictureOptions {
  std::int64_t max_side = 0;
  std::string store = "jpeg";
  std::int64_t quality = 95;
  std::string transcode;
  std::string exif = "ignore";
  std::string gray16 = "clip";
  std::int64_t max_pixels = kMaxPixels;
  std::string max_file = "256MiB";
};

void describe(PictureOptions& o, OptionSet& set);
/// @throws UsageError
void validate(const PictureOptions& o, const OptionSet& set);
/// Fills in what the options say of each picture.
void apply(const PictureOptions& o, CheckOptions& check);
/// Everything that changes the bytes or the pixels of a set.
/// @param stored_as of the source
nlohmann::ordered_json byte_options(const PictureOptions& o, const std::string& stored_as);

}  // namespace intr
