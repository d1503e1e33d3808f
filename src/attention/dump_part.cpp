// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_part.h"

#include <fmt/format.h>

#include <numeric>
#include <optional>

#include "intr/core/error.h"
#include "intr/core/whole_number.h"

namespace intr {
namespace {

constexpr const char* kFlag = "--part";
constexpr std::int64_t kMostParts = 1'000'000;

DumpPart part_of_array(const std::function<std::string(const char* name)>& environment) {
  const auto ask = [&](const char* name, std::optional<std::int64_t> unset) {
    const std::string text = environment(name);
    const std::optional<std::int64_t> value = text.empty() ? unset : whole_number(text);
    if (!value)
      throw UsageError(text.empty() ? fmt::format("auto needs {}, which is not set", name)
                                    : fmt::format("{} is '{}', no number", name, text),
                       kFlag, "submit with sbatch --array=0-7, or give i/n");
    return *value;
  };
  const std::int64_t id = ask("SLURM_ARRAY_TASK_ID", {});
  const std::int64_t first = ask("SLURM_ARRAY_TASK_MIN", {});
  const std::int64_t last = ask("SLURM_ARRAY_TASK_MAX", {});
  const std::int64_t count = ask("SLURM_ARRAY_TASK_COUNT", {});
  const std::int64_t step = ask("SLURM_ARRAY_TASK_STEP", 1);
  // An array of part of the tasks (--array=3,7) would leave pieces to nobody.
  const bool even =
      step >= 1 && count >= 1 && count <= kMostParts && last - first == (count - 1) * step;
  if (!even || id < first || id > last || (id - first) % step != 0)
    throw UsageError(
        fmt::format("the array's tasks are not evenly spaced: {} of {} to {}, {} of them", id,
                    first, last, count),
        kFlag, "submit with sbatch --array=0-7, or give i/n");
  return {(id - first) / step, count};
}

}  // namespace

DumpPart parse_part(const std::string& text,
                    const std::function<std::string(const char* name)>& environment) {
  if (text.empty()) return {};
  if (text == "auto") return part_of_array(environment);
  const std::size_t slash = text.find('/');
  const std::optional<std::int64_t> number = whole_number(std::string_view(text).substr(0, slash));
  const std::optional<std::int64_t> count =
      slash == std::string::npos ? std::nullopt
                                 : whole_number(std::string_view(text).substr(slash + 1));
  if (!number || !count || *number >= *count || *count > kMostParts)
    throw UsageError(fmt::format("'{}' is no part", text), kFlag,
                     "give i/n with i from 0 to n - 1, or auto in a Slurm array");
  return {*number, *count};
}

std::vector<std::int64_t> pieces_of_part(const DumpPlan& plan, const DumpPart& part) {
  std::vector<std::int64_t> all(plan.pieces.size());
  std::iota(all.begin(), all.end(), std::int64_t{0});
  return deal_pieces(plan, all, part.number, part.count);
}

std::vector<std::int64_t> deal_pieces(const DumpPlan& plan, const std::vector<std::int64_t>& pieces,
                                      std::int64_t rank, std::int64_t world_size) {
  std::vector<std::int64_t> costs;
  for (const std::int64_t number : pieces)
    costs.push_back(plan.pieces[static_cast<std::size_t>(number)].pixels);
  const std::vector<std::int64_t> owner = deal_by_cost(costs, world_size);
  std::vector<std::int64_t> mine;
  for (std::size_t i = 0; i < pieces.size(); ++i)
    if (owner[i] == rank) mine.push_back(pieces[i]);
  return mine;
}

}  // namespace intr
