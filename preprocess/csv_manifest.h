// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "preprocess/file_source.h"

namespace intr {

/// Pictures that a CSV file lists: columns path and label, and if they are there split and box_x,
/// box_y, box_width, box_height. Samples are in the order of the rows.
class CsvManifest : public FileSource {
 public:
  /// @param root  folder that paths begin at; empty: the file's own; "/": anywhere
  /// @param split of all rows, for a file without that column
  CsvManifest(std::string path, SourceRules rules, std::string root, std::string split);
  Listing scan() override;

 protected:
  std::string path_of(const std::string& split, const SourceFile& file) const override;

 private:
  std::string path_;
  SourceRules rules_;
  std::string root_;
  std::string split_;
};

}  // namespace intr
