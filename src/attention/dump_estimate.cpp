// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_estimate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "intr/core/error.h"
#include "intr/data/evaluation_plan.h"

namespace intr {
namespace {

/// Disk space that a dump with so many bytes of maps asks for.
std::uint64_t needed_bytes(std::uint64_t maps) {
  return maps + maps / 20 + (std::uint64_t{64} << 20);
}

std::int64_t samples_of(const DumpPlan& plan, const std::vector<std::int64_t>& pieces) {
  std::int64_t samples = 0;
  for (const std::int64_t number : pieces)
    samples += std::ssize(plan.file.pieces[static_cast<std::size_t>(number)].sample_ids);
  return samples;
}

}  // namespace

void require_space(std::uint64_t maps, std::uint64_t free_bytes, const std::string& folder) {
  const std::uint64_t needed = needed_bytes(maps);
  if (maps == 0 || needed <= free_bytes) return;
  throw EnvironmentError(
      fmt::format("needs {} bytes ({} of maps, 5 % and 64 MiB more), {} are free", needed, maps,
                  free_bytes),
      folder,
      "make room, or store less: --dtype f16, --layers last, --heads mean, --queries true,top:1, "
      "--encoder none");
}

std::string describe_plan(const DumpPlan& plan, const DumpPart& part, std::int64_t world_size,
                          std::uint64_t free_bytes) {
  const DumpPlanFile& file = plan.file;
  const DumpFacts& facts = file.facts;
  std::string text = fmt::format(
      "samples   {} of split {} ({}), {} classes\n"
      "stored    layers {}, heads {}, {} queries ({}), {}\n",
      file.num_samples(), facts.split, file.selection, facts.class_count,
      fmt::join(facts.layers, ","), fmt::join(facts.heads, ","), facts.num_queries, facts.queries,
      name_of(facts.type));
  if (facts.rollout) text += "          and followed back through the encoder\n";
  if (facts.values) text += "          value maps\n";
  if (!facts.encoder_layers.empty())
    text += fmt::format("          attention of encoder layers {}\n",
                        fmt::join(facts.encoder_layers, ","));
  for (const auto& [grid, count] : plan.grids)
    text += fmt::format("grid      {} x {}: {} samples\n", grid.height, grid.width, count);
  text +=
      fmt::format("bytes     {} of maps, {} needed, {} free\nfiles     {} pieces\n",
                  file.map_bytes(), needed_bytes(file.map_bytes()), free_bytes, plan.pieces.size());
  const std::vector<std::int64_t> pieces = pieces_of_part(plan, part);
  if (!part.whole())
    text += fmt::format("part      {} of 0 to {}: {} pieces, {} samples\n", part.number,
                        part.count - 1, pieces.size(), samples_of(plan, pieces));
  for (std::int64_t rank = 0; rank < world_size; ++rank) {
    const std::vector<std::int64_t> mine = deal_pieces(plan, pieces, rank, world_size);
    text += fmt::format("rank {:<4} {} pieces, {} samples\n", rank, mine.size(),
                        samples_of(plan, mine));
  }
  return text;
}

}  // namespace intr
