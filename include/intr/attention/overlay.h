// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "intr/attention/map_reader.h"
#include "intr/attention/overlay_options.h"
#include "intr/attention/sample_maps.h"
#include "intr/image/image.h"
#include "intr/image/palette.h"

namespace intr {

/// A finished picture of a sample.
struct NamedPicture {
  std::string what;  ///< part of its file name, such as "true-mean"
  Image image;
};

/// A finished picture as the options want it stored, and what such a file's name ends in.
std::vector<std::byte> encode_picture(const Image& image, const OverlayOptions& options);
std::string picture_extension(const OverlayOptions& options);

/// Draws the pictures of samples as the options say. Thread-safe once built.
class OverlayDrawer {
 public:
  /// @param facts must outlive the drawer
  /// @throws UsageError if the dump lacks what the options ask for, naming the option of
  /// intr-attend that stores it
  OverlayDrawer(const DumpFacts& facts, const OverlayOptions& options);

  /// What draw() will call the pictures of a sample.
  std::vector<std::string> names(const DumpSample& sample) const;
  /// The field that maps are to hold.
  MapField field() const noexcept { return field_; }
  /// All pictures of one sample: one of each query, and in the layouts "single" and "side" one of
  /// each head.
  std::vector<NamedPicture> draw(const DumpSample& sample, const SampleMaps& maps,
                                 const Image& photo) const;

 private:
  struct Query {
    std::string name;
    std::int64_t slot = 0;
    std::int32_t class_index = -1;
    std::int64_t other_slot = -1;  ///< what is taken away from it; contrast alone
    std::int32_t other_class = -1;
  };
  /// One map: a head, or their mean.
  struct HeadMap {
    std::string label;          ///< "mean of heads", "head 3"
    std::vector<float> values;  ///< as stored, or the difference of two
  };

  std::vector<Query> queries_of(const DumpSample& sample) const;
  std::string head_name(std::int64_t head) const;
  Query named_query(const DumpSample& sample) const;
  void choose_other(const DumpSample& sample, Query& query) const;
  std::string picture_name(const Query& query, const std::string& rest) const;
  HeadMap head_map(const SampleMaps& maps, const Query& query, std::int64_t head) const;
  std::vector<HeadMap> maps_of(const SampleMaps& maps, const Query& query) const;
  double unit(ImageSize grid) const;
  double shared_scale() const;
  double scale_of(ImageSize grid, const std::vector<HeadMap>& all, const HeadMap& one) const;
  std::string caption_of_query(const Query& query) const;
  Image shown_photo(const Image& photo) const;
  Image overlay(const DumpSample& sample, const Image& photo, const HeadMap& map,
                double scale) const;
  Image figure(const DumpSample& sample, const Query& query, const Image& photo,
               const std::vector<HeadMap>& all, const std::vector<HeadMap>& shown) const;

  const DumpFacts& facts_;
  OverlayOptions options_;
  Palette palette_;
  std::int64_t layer_ = 0;           ///< place in facts.layers
  std::vector<std::int64_t> heads_;  ///< places in facts.heads; -1 = their mean
  std::int32_t query_class_ = -1;    ///< with a query given by class
  MapField field_ = MapField::kMap;
};

}  // namespace intr
