// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "intr/attention/map_format.h"

namespace intr {

/// Reads a dump: its folder, its index.h5, or a merged file. Samples are in sample-id order. One
/// thread at a time.
class MapReader {
 public:
  /// @throws DataError if it is no dump, of an unknown version or damaged
  static MapReader open(const std::string& path);
  MapReader(MapReader&&) noexcept;
  MapReader& operator=(MapReader&&) noexcept;
  ~MapReader();

  const DumpFacts& facts() const noexcept;
  std::int64_t size() const noexcept;
  const DumpSample& sample(std::int64_t row) const;
  /// A stored field of the sample as float32, in the shape that MapField says. Its hash is checked,
  /// and that its values are finite and, unless maps are signed, not negative and, of maps, sum
  /// to 1.
  /// @throws DataError naming the sample
  std::vector<float> values(std::int64_t row, MapField field) const;
  std::vector<float> maps(std::int64_t row) const { return values(row, MapField::kMap); }
  /// The same as stored bytes, checked alike.
  std::vector<std::byte> stored(std::int64_t row, MapField field = MapField::kMap) const;

 private:
  struct State;
  explicit MapReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace intr
