// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "intr/attention/map_reader.h"
#include "intr/core/option_set.h"
#include "intr/image/image.h"

namespace intr {

/// Where the pictures of a dump come from.
struct PhotoOptions {
  std::string data{};      ///< packed set
  std::string images{};    ///< or a folder that the samples' paths lie below
  bool any_image = false;  ///< accept pictures whose bytes are not those that the network saw
};
void describe(PhotoOptions& options, OptionSet& set);

/// Encoded pictures of samples, checked to be those of the dump. One thread at a time.
class PhotoSource {
 public:
  /// @throws UsageError unless exactly one source is given, DataError if it is another data set
  PhotoSource(const PhotoOptions& options, const DumpFacts& facts);
  PhotoSource(PhotoSource&&) noexcept;
  ~PhotoSource();

  /// @throws DataError naming the sample if its picture is missing or another one
  std::vector<std::byte> read(const DumpSample& sample) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Decodes what read() gave and checks its size. @throws DataError
Image decode_photo(const std::vector<std::byte>& bytes, const DumpSample& sample, bool any_image);

}  // namespace intr
