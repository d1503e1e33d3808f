// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "preprocess/file_source.h"

namespace intr {

/// CUB-200-2011 as it is published: pictures below images/, and text files that number pictures,
/// classes, boxes and parts. Samples have the ids that an image folder of the same files gives
/// them.
class CubLayout : public FileSource {
 public:
  CubLayout(std::string root, SourceRules rules);
  Listing scan() override;

 protected:
  std::string path_of(const std::string& split, const SourceFile& file) const override;

 private:
  std::string root_;
  SourceRules rules_;
};

/// Whether a folder holds the text files of that layout.
bool looks_like_cub(const std::string& folder);

}  // namespace intr
