// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "intr/image/image.h"
#include "preprocess/picture_source.h"

namespace intr {

/// Grey pictures and labels in the idx files of MNIST and its relatives: train-images-idx3-ubyte
/// and train-labels-idx1-ubyte are the split "train", t10k-… the split "val"; each may be
/// compressed (.gz). Pictures are stored as 8-bit grey PNG named CLASS/00000017.png after their
/// place in the file.
class IdxFiles : public PictureSource {
 public:
  IdxFiles(std::string folder, SourceRules rules);
  Listing scan() override;
  void adopt(const Listing& listing) override;
  LoadedFile load(const std::string& split, const SourceFile& file) const override;
  std::string name_of(const std::string& split, const SourceFile& file) const override;
  const char* stored_as() const override { return "png-grey"; }

 private:
  struct Pictures {
    std::string file;
    ImageSize size;
    std::vector<std::uint8_t> pixels;  ///< [N, height, width]
    std::vector<std::uint8_t> labels;  ///< [N]
  };
  Pictures read_split(const std::string& split) const;

  std::string folder_;
  SourceRules rules_;
  std::map<std::string, Pictures> pictures_;  ///< by split
};

/// Whether a folder holds idx files.
bool looks_like_idx(const std::string& folder);

}  // namespace intr
