// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "codecs.h"

struct tiff;

namespace intr {

/// The first page of a TIFF file in memory, read by libtiff's own strips and tiles. Its errors and
/// warnings are kept here, none is printed.
class TiffFile {
 public:
  /// @throws DataError if there is no page
  explicit TiffFile(const EncodedPicture& picture);
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;
  ~TiffFile();

  /// A number of the page, or `fallback` where it has none.
  std::uint32_t number(std::uint32_t tag, std::uint32_t fallback) const;
  /// What the samples beyond the colors mean, as the file says.
  std::vector<std::uint16_t> extra_samples() const;
  /// [256] colors of 16 bits by channel: red, green, blue. Empty if there are none.
  std::vector<std::uint8_t> palette(std::uint32_t bits) const;
  bool has_profile() const;
  bool is_big_endian() const;
  bool has_more_pages();
  /// Lets a JPEG-coded page come out as RGB.
  void ask_for_rgb();

  /// Reads all samples, each in 16 bits, planes put together. Call it once.
  /// @return [height, width, samples]
  /// @throws DataError if the bytes end before the picture does
  std::vector<std::uint16_t> read_samples(ImageSize size, std::uint32_t samples,
                                          std::uint32_t bits);

  [[noreturn]] void refuse(const std::string& reason) const;
  /// For what is not broken but of a kind that is not read. @param kind "Lab colors"
  [[noreturn]] void refuse_kind(const std::string& kind) const;

 private:
  struct Memory;
  struct Block;
  void read_block(const Block& block, std::vector<std::uint8_t>& bytes);

  const EncodedPicture& picture_;
  std::unique_ptr<Memory> memory_;
  tiff* tiff_ = nullptr;
};

}  // namespace intr
