// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/sample_ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "intr/core/error.h"
#include "intr/core/whole_number.h"

namespace intr {

std::vector<SampleRange> parse_sample_ranges(const std::vector<std::string>& texts) {
  std::vector<SampleRange> ranges;
  for (const std::string& text : texts) {
    const std::size_t dash = text.find('-');
    const std::optional<std::int64_t> first = whole_number(std::string_view(text).substr(0, dash));
    const std::optional<std::int64_t> last =
        dash == std::string::npos ? first : whole_number(std::string_view(text).substr(dash + 1));
    if (!first || !last || *first > *last)
      throw UsageError(fmt::format("'{}' is neither a sample id nor a range A-B", text), "--sample",
                       "write --sample 17 or --sample 0-99");
    ranges.push_back({*first, *last});
  }
  return ranges;
}

bool any_holds(const std::vector<SampleRange>& ranges, std::int64_t sample_id) {
  return std::any_of(ranges.begin(), ranges.end(), [sample_id](SampleRange range) {
    return range.first <= sample_id && sample_id <= range.last;
  });
}

}  // namespace intr
