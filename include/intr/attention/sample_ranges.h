// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace intr {

/// Sample ids from `first` to `last`, both of them too.
struct SampleRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

/// What `--sample` means, each time it is given: an id, or a range A-B. @throws UsageError
std::vector<SampleRange> parse_sample_ranges(const std::vector<std::string>& texts);

bool any_holds(const std::vector<SampleRange>& ranges, std::int64_t sample_id);

}  // namespace intr
