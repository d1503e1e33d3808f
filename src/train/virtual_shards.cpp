// SPDX-License-Identifier: Apache-2.0
#include "intr/train/virtual_shards.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <vector>

#include "intr/core/error.h"
#include "intr/core/log.h"

namespace intr {
namespace {

const char* const kFlag = "--virtual-shards";

bool is_power_of_two(std::int64_t number) {
  return number > 0 && std::has_single_bit(static_cast<std::uint64_t>(number));
}

std::vector<std::int64_t> legal_ranks(std::int64_t virtual_shards) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t ranks = 1; ranks <= virtual_shards; ranks *= 2) numbers.push_back(ranks);
  return numbers;
}

}  // namespace

void validate_virtual_shards(const TrainOptions& options) {
  const std::int64_t shards = options.virtual_shards;
  if (shards == 0) return;
  if (!is_power_of_two(shards))
    throw UsageError(fmt::format("{} is no power of two", shards), kFlag,
                     "give 1, 2, 4, 8 or more, or 0 for none");
  if (shards > options.batch_size)
    throw UsageError(fmt::format("{} shards of a step of {} pictures", shards, options.batch_size),
                     kFlag, "give at most --batch-size");
  const std::string& comm = options.place.comm;
  if (comm == "mpi" || comm == "nccl" || comm == "host")
    throw UsageError(
        fmt::format("{} adds in an order of its own, virtual shards need a fixed one", comm),
        "--comm", "leave --comm out");
  if (!options.comm_profile.empty() && options.bucket_mb == 0)
    throw UsageError(
        "buckets cut by a profile depend on the number of ranks, and with them the last bits",
        "--comm-profile", "give --bucket-mb instead");
  if (options.place.threads == 0)
    throw UsageError(
        "virtual shards need it: the number that a rank takes by itself depends on how many ranks "
        "share a machine, and the last bits depend on it",
        "--threads", "give the same number wherever the run goes on, such as --threads 4");
}

void require_legal_ranks(std::int64_t virtual_shards, int world_size) {
  if (virtual_shards == 0) return;
  const std::vector<std::int64_t> legal = legal_ranks(virtual_shards);
  if (std::find(legal.begin(), legal.end(), world_size) != legal.end()) return;
  throw EnvironmentError(
      fmt::format("{} virtual shards cannot be dealt to {} ranks", virtual_shards, world_size),
      kFlag, fmt::format("start {} ranks", fmt::join(legal, ", ")));
}

std::int64_t shards_of_rank(std::int64_t virtual_shards, int world_size) noexcept {
  return virtual_shards == 0 ? 1 : virtual_shards / world_size;
}

std::string shown_shards(std::int64_t virtual_shards) {
  return virtual_shards == 0 ? "" : fmt::format(", in {} virtual shards", virtual_shards);
}

void warn_of_other_machine(const Checkpoint& saved, const Checkpoint& now) {
  if (now.config.at("train").at("virtual-shards") == 0) return;
  for (const char* name : {"libtorch", "isa", "threads"}) {
    if (!saved.environment.contains(name) || !now.environment.contains(name)) continue;
    const auto &there = saved.environment.at(name), &here = now.environment.at(name);
    if (there == here) continue;
    log::warning(
        "{} was {} when the checkpoint was written, it is {} now: the last bits may differ from "
        "those "
        "of a run that stayed",
        name, there.dump(), here.dump());
  }
}

}  // namespace intr
