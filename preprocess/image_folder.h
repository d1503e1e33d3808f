// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "preprocess/file_source.h"

namespace intr {

/// What happens to names that begin with a dot.
enum class HiddenPolicy { kRefuse, kSkip, kKeep };

/// Pictures in SOURCE/SPLIT/CLASS/…, found, labeled and ordered exactly as torchvision's
/// ImageFolder does it. What ImageFolder passes over in silence is refused: classes that differ
/// between splits, empty classes, hidden names, loops of links, special files.
class ImageFolder : public FileSource {
 public:
  ImageFolder(std::string root, SourceRules rules, HiddenPolicy hidden);
  Listing scan() override;

 protected:
  std::string path_of(const std::string& split, const SourceFile& file) const override;

 private:
  std::string root_;
  SourceRules rules_;
  HiddenPolicy hidden_;
};

}  // namespace intr
