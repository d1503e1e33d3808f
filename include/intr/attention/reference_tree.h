// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "intr/attention/map_reader.h"
#include "intr/attention/named_picture.h"
#include "intr/attention/overlay_maps.h"
#include "intr/attention/overlay_query.h"

namespace intr {

/// The published tool's pictures under its file names: visualization/STEM/heads/… for the true
/// class, and head_avg/…, head_N/… for all stored queries. Thread-safe once built.
class ReferenceTree {
 public:
  /// @param reader must outlive the tree; its samples decide which stems are shared
  /// @throws UsageError as OverlayDrawer
  ReferenceTree(const MapReader& reader, const OverlayOptions& options);

  /// Files of a sample below the output folder, as draw() will name them.
  std::vector<std::string> paths(const DumpSample& sample) const;
  MapField field() const noexcept { return maps_.field(); }
  std::vector<NamedPicture> draw(const DumpSample& sample, const SampleMaps& maps,
                                 const Image& photo) const;

 private:
  /// An overlay in a folder.
  struct Entry {
    std::string path;
    std::int64_t slot = 0, head = 0;
  };
  /// A folder: the photo, overlays, and all of them joined; or overlays alone.
  struct Folder {
    std::vector<Entry> overlays;
    std::string photo{}, joined{};  ///< paths, or empty
  };

  std::vector<Folder> plan(const DumpSample& sample) const;
  Folder folder(const DumpSample& sample, const std::string& path) const;

  std::map<std::int64_t, std::string> stems_;  ///< of each sample id
  MapChoice maps_;
  QueryChoice true_query_;
  bool with_similar_;
};

}  // namespace intr
