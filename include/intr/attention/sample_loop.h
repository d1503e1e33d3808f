// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "intr/attention/map_reader.h"
#include "intr/attention/photo_source.h"

namespace intr {

/// All that is stored of one sample.
struct SampleInputs {
  std::int64_t position = 0;  ///< place in the list of rows
  const DumpSample* sample = nullptr;
  std::vector<float> maps;        ///< the field that was asked for, in the shape that MapField says
  std::vector<std::byte> photo;   ///< encoded
  std::vector<float> value_maps;  ///< of kValue, if asked for
};

/// A sample that could not be drawn.
struct SampleFailure {
  std::int64_t sample_id = 0;
  std::string message;
};

/// Where a loop stands; `done` counts failed samples too.
struct LoopControl {
  std::int64_t threads = 1;
  std::function<void(std::int64_t count)>
      advance{};                 ///< progress; never called by two threads at once
  std::function<bool()> stop{};  ///< true: take no more samples
};

/// Calls `work` once for each row, in several threads. Files are read by one thread at a time,
/// since HDF5 is not made for several. A sample with bad data (DataError) is noted and the others
/// go on; any other error ends the loop and is thrown.
/// @return the failures, by position
std::vector<SampleFailure> for_each_sample(const MapReader& reader, const PhotoSource& photos,
                                           std::span<const std::int64_t> rows,
                                           const LoopControl& control,
                                           const std::function<void(SampleInputs&)>& work,
                                           MapField field = MapField::kMap,
                                           bool with_value_maps = false);

}  // namespace intr
