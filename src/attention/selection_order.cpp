// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/selection_order.h"

#include <algorithm>
#include <utility>

#include "intr/attention/verdict.h"
#include "intr/core/option_set.h"
#include "intr/core/philox.h"

namespace intr {

std::vector<std::int64_t> draw_rows(const MapReader& reader, const std::vector<std::int64_t>& rows,
                                    std::int64_t count, std::int64_t seed) {
  std::vector<std::pair<std::uint64_t, std::int64_t>> keys;  // equal keys: by id, as rows are
  for (const std::int64_t row : rows) {
    const auto id = static_cast<std::uint64_t>(reader.sample(row).sample_id);
    keys.emplace_back(draw_bits(static_cast<std::uint64_t>(seed), Purpose::kSelection, 0, id, 0),
                      row);
  }
  std::sort(keys.begin(), keys.end());
  if (std::ssize(keys) > count) keys.resize(static_cast<std::size_t>(count));
  std::vector<std::int64_t> drawn;
  for (const auto& [key, row] : keys) drawn.push_back(row);
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

std::vector<std::int64_t> spread_rows(const std::vector<std::int64_t>& rows, std::int64_t limit) {
  const auto count = static_cast<std::int64_t>(rows.size());
  if (limit == 0 || count <= limit) return rows;
  std::vector<std::int64_t> some;
  for (std::int64_t i = 0; i < limit; ++i)
    some.push_back(rows[static_cast<std::size_t>(i * count / limit)]);
  return some;
}

std::vector<std::int64_t> sorted_rows(const MapReader& reader, std::vector<std::int64_t> rows,
                                      const std::string& by) {
  require_choice("sort", by, {"id", "margin", "probability"});
  if (by == "id") return rows;
  std::vector<std::pair<double, std::int64_t>> keys;
  for (const std::int64_t row : rows) {
    const Verdict verdict = judge(reader.sample(row));
    keys.emplace_back(by == "margin" ? verdict.margin : verdict.probability, row);
  }
  std::sort(keys.begin(), keys.end());
  std::transform(keys.begin(), keys.end(), rows.begin(),
                 [](const auto& key) { return key.second; });
  return rows;
}

}  // namespace intr
