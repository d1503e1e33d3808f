// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "preprocess/picture_source.h"

namespace intr {

/// A source whose pictures are files, each stored as it is.
class FileSource : public PictureSource {
 public:
  LoadedFile load(const std::string& split, const SourceFile& file) const override;
  std::string name_of(const std::string& split, const SourceFile& file) const override;
  const char* stored_as() const override { return "original"; }

 protected:
  /// Where a picture of a split lies.
  virtual std::string path_of(const std::string& split, const SourceFile& file) const = 0;
  /// Fills in sizes and times of all files. Many are asked for at once, as network file systems
  /// take long to answer. Special files are never opened.
  /// @throws DataError naming the first file that is none, cannot be read or leads nowhere
  void look_at_files(Listing& listing) const;
};

}  // namespace intr
