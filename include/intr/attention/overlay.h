// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "intr/attention/map_reader.h"
#include "intr/attention/named_picture.h"
#include "intr/attention/overlay_figure.h"
#include "intr/attention/overlay_maps.h"
#include "intr/attention/overlay_options.h"
#include "intr/attention/overlay_query.h"
#include "intr/attention/sample_maps.h"

namespace intr {

/// Draws the pictures of samples as the options say. Thread-safe once built.
class OverlayDrawer {
 public:
  /// @param facts must outlive the drawer
  /// @throws UsageError if the dump lacks what the options ask for, naming the option of
  /// intr-attend that stores it, and for the layout "reference", which ReferenceTree draws
  OverlayDrawer(const DumpFacts& facts, const OverlayOptions& options);

  /// What draw() will call the pictures of a sample.
  std::vector<std::string> names(const DumpSample& sample) const;
  /// The field that maps are to hold.
  MapField field() const noexcept { return maps_.field(); }
  /// All pictures of one sample: one of each query, and in layouts that show one head one of each
  /// head; one picture of all queries in the layout "grid".
  std::vector<NamedPicture> draw(const DumpSample& sample, const SampleMaps& maps,
                                 const Image& photo) const;

 private:
  /// A picture that is to be drawn.
  struct Planned {
    std::string name;
    std::vector<OverlayQuery> queries;  ///< one, but in grids
    std::vector<std::int64_t> heads;
  };

  std::vector<Planned> plan(const DumpSample& sample) const;
  Planned planned(const OverlayQuery& query, const std::string& rest,
                  const std::vector<std::int64_t>& heads) const;
  MapRow row_of(const SampleMaps& maps, const OverlayQuery& query,
                const std::vector<std::int64_t>& heads) const;
  void append_comparison(std::vector<ShownMap>& row, const SampleMaps& maps,
                         const OverlayQuery& query, std::int64_t head) const;
  std::string text_of(const Planned& picture) const;
  Image clean_picture(const DumpSample& sample, const SampleMaps& maps, const Image& shown,
                      const Planned& picture) const;
  Image reference_picture(const DumpSample& sample, const SampleMaps& maps, const Image& shown,
                          const Planned& picture) const;

  const DumpFacts* facts_;
  OverlayOptions options_;
  MapChoice maps_;
  QueryChoice queries_;
  OverlayFigure figure_;
};

}  // namespace intr
