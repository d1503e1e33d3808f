// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

/// Schema 1.0 of a packed data set, for writers and readers alike; docs/shard-format.md is its
/// description. On disk: never rename or renumber.
namespace intr::shard_format {

inline constexpr const char* kShardFormat = "intr-shard";
inline constexpr const char* kIndexFormat = "intr-index";
inline constexpr const char* kManifestFormat = "intr-dataset";
inline constexpr std::uint16_t kMajor = 1;
inline constexpr std::uint16_t kMinor = 0;
/// Large objects of a shard start at multiples of this many bytes.
inline constexpr std::uint64_t kAlignment = std::uint64_t{1} << 20;

inline constexpr const char* kManifestFile = "dataset.json";
inline constexpr const char* kPlanFile = ".pack-plan";
/// "train-00000-of-00003.h5"; of generation 2 "train-g2-00000-of-00001.h5".
std::string shard_file(const std::string& split, std::int64_t shard, std::int64_t num_shards,
                       std::int64_t generation = 1);
/// "train.index.h5"; of generation 2 "train.index-g2.h5".
std::string index_file(const std::string& split, std::int64_t generation = 1);
/// "pack-report.json"; of generation 2 "pack-report-g2.json".
std::string report_file(std::int64_t generation = 1);

/// Names of the bits of /flags, from bit 0.
inline constexpr std::array<const char*, 12> kFlagNames = {
    "progressive",     "arithmetic",          "icc",
    "animated",        "alpha_dropped",       "clipped16",
    "decoder_warning", "trailing_bytes",      "duplicate",
    "reencoded",       "orientation_applied", "extension_mismatch"};
/// Names of the values of /mode, from 0.
inline constexpr std::array<const char*, 12> kModeNames = {
    "other", "1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "I;16", "I", "F"};
/// Names of the values of /codec, from 0.
inline constexpr std::array<const char*, 8> kCodecNames = {"unknown", "jpeg", "png",  "webp",
                                                           "bmp",     "pnm",  "tiff", "gif"};

}  // namespace intr::shard_format
