// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/attention/map_writer.h"
#include "intr/attention/overlay.h"
#include "intr/image/picture_files.h"

namespace intr {

/// Where the figures of picture files go: their names below the named folders, without extension,
/// safe for every file system. Files whose names would be the same but for case all get their place
/// in the list behind it: "heron__3".
std::vector<std::string> figure_names(const std::vector<PictureFile>& files);

/// Draws where the model looked on single pictures, as intr-render draws a dump's: a figure of the
/// predicted class's query, and one of each class that was asked for. Thread-safe once built.
class PredictionFigures {
 public:
  /// @param facts  of the records that will come; `classes` is needed
  /// @param options `query` is not used
  /// @param asked  classes
  PredictionFigures(std::string folder, const DumpFacts& facts, const OverlayOptions& options,
                    const std::vector<std::int32_t>& asked, const std::vector<PictureFile>& files);

  PredictionFigures(const PredictionFigures&) = delete;  // the drawers refer to facts_
  PredictionFigures& operator=(const PredictionFigures&) = delete;

  /// Writes the figures of one picture, each by temporary name and rename.
  /// @param record its sample id is the picture's place in the list
  /// @return the files
  std::vector<std::string> draw(const MapRecord& record, const Image& photo) const;

 private:
  std::string folder_;
  DumpFacts facts_;
  OverlayOptions options_;
  std::vector<std::string> names_;
  std::vector<OverlayDrawer> drawers_;
};

}  // namespace intr
