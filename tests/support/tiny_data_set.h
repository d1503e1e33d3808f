// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "intr/core/hash.h"
#include "intr/data/manifest.h"
#include "intr/data/shard_format.h"
#include "intr/data/shard_writer.h"
#include "intr/image/decode.h"
#include "intr/image/encode.h"
#include "intr/io/atomic_file.h"

namespace intr::test {

/// What a small packed set for tests holds.
struct TinySet {
  std::map<std::string, std::int64_t> samples = {{"train", 12}, {"val", 6}};  ///< by split
  std::vector<std::string> classes = {"crow", "finch", "heron"};
  std::int64_t num_shards = 2;
  std::int64_t id_step = 1;  ///< sample ids are 0, id_step, 2 * id_step, …
  std::function<void(SampleColumns&)> annotate = {};  ///< adds boxes or parts to a shard's columns
  std::function<ImageSize(std::int64_t)> size = [](std::int64_t i) {
    return ImageSize{20 + i % 3 * 5, 24 + i % 4 * 6};
  };
};

/// A colored pattern that differs from picture to picture; label decides the tint.
inline Image tiny_picture(ImageSize size, std::int64_t number, std::int64_t label) {
  Image image{size, std::vector<std::uint8_t>(static_cast<std::size_t>(size.area()) * 3)};
  for (std::size_t i = 0; i < image.rgb.size(); ++i) {
    const std::size_t channel = i % 3;
    const bool tinted = channel == static_cast<std::size_t>(label % 3);
    image.rgb[i] = static_cast<std::uint8_t>((i * 7 + static_cast<std::size_t>(number) * 31) % 64 +
                                             (tinted ? 160u : 20u));
  }
  return image;
}

/// Writes a packed set, as intr-pack would. Sample i of a split has label i modulo the classes and
/// the path CLASS/i.png.
inline void make_tiny_set(const std::string& set, const TinySet& what = {}) {
  make_folder(set);
  Manifest manifest;
  manifest.dataset_id = std::string(31, '0') + "1";
  manifest.plan_ids = {std::string(31, '0') + "2"};
  manifest.classes = what.classes;
  manifest.options = nlohmann::ordered_json::object();
  manifest.flag_counts = nlohmann::ordered_json::object();
  manifest.creator = "test";
  manifest.created = "2000-01-01T00:00:00Z";
  for (const auto& [split, count] : what.samples) {
    SampleColumns all;
    Placement placement;
    std::vector<DataIndex::Shard> shards;
    for (std::int64_t shard = 0; shard < what.num_shards; ++shard) {
      const std::int64_t first = shard * count / what.num_shards;
      const std::int64_t last = (shard + 1) * count / what.num_shards;
      if (first == last) continue;
      SampleColumns columns;
      std::vector<std::vector<std::byte>> pictures;
      std::vector<std::uint64_t> lengths;
      for (std::int64_t i = first; i < last; ++i) {
        const std::int64_t label = i % std::ssize(what.classes);
        const ImageSize size = what.size(i);
        pictures.push_back(encode_png(tiny_picture(size, i, label)));
        lengths.push_back(pictures.back().size());
        placement.shard_of.push_back(static_cast<std::uint32_t>(shards.size()));
        placement.begin.push_back(
            std::accumulate(lengths.begin(), lengths.end() - 1, std::uint64_t{0}));
        placement.length.push_back(lengths.back());
        columns.sample_id.push_back(static_cast<std::uint64_t>(i * what.id_step));
        columns.hash.push_back(xxh3_64(pictures.back()));
        columns.source_hash.push_back(columns.hash.back());
        columns.label.push_back(static_cast<std::int32_t>(label));
        columns.width.push_back(static_cast<std::uint32_t>(size.width));
        columns.height.push_back(static_cast<std::uint32_t>(size.height));
        columns.flags.push_back(0);
        columns.codec.push_back(static_cast<std::uint8_t>(Codec::kPng));
        columns.mode.push_back(static_cast<std::uint8_t>(PixelMode::kRGB));
        columns.orientation.push_back(0);
        columns.add_path(what.classes[static_cast<std::size_t>(label)] + "/" + std::to_string(i) +
                         ".png");
      }
      if (what.annotate) what.annotate(columns);
      const std::string file = shard_format::shard_file(split, std::ssize(shards), what.num_shards);
      const std::string path = set + "/" + file;
      ShardWriter writer(path,
                         {split, std::ssize(shards), what.num_shards, columns.sample_id.front(),
                          manifest.plan_ids.front(), "{}", "test"},
                         columns, lengths, what.classes);
      for (std::size_t i = 0; i < pictures.size(); ++i)
        writer.write(static_cast<std::int64_t>(i), pictures[i]);
      writer.close();
      shards.push_back({file, std::filesystem::file_size(path), columns.size(), hash_file(path),
                        manifest.plan_ids.front(),
                        static_cast<std::int64_t>(columns.sample_id.front()), writer.data_begin()});
      all.append(columns);
    }
    const std::string index = shard_format::index_file(split);
    write_index(set + "/" + index, split, manifest.dataset_id, "test", all, placement, shards,
                what.classes);
    Manifest::Split entry{split, all.size(), 0, index, hash_file(set + "/" + index), {}};
    for (const DataIndex::Shard& shard : shards)
      entry.shards.push_back(
          {shard.file, shard.bytes, shard.num_samples, shard.hash, shard.plan_id});
    entry.bytes =
        std::accumulate(placement.length.begin(), placement.length.end(), std::uint64_t{0});
    manifest.splits.push_back(std::move(entry));
  }
  manifest.write(set);
}

/// Changes one byte of a file, in place.
inline void flip_byte(const std::string& path, std::uint64_t position) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  char byte = 0;
  file.seekg(static_cast<std::streamoff>(position)).read(&byte, 1);
  byte = static_cast<char>(byte ^ 0x5a);
  file.seekp(static_cast<std::streamoff>(position)).write(&byte, 1);
  if (!file) throw std::runtime_error("cannot change " + path);
}

}  // namespace intr::test
