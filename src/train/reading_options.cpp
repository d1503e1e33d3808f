// SPDX-License-Identifier: Apache-2.0
#include "intr/train/reading_options.h"

#include <nlohmann/json.hpp>

#include "intr/core/byte_size.h"
#include "intr/core/error.h"

namespace intr {
namespace {

std::uint64_t bytes_of(const char* flag, const std::string& text) {
  return text.empty() ? 0 : parse_bytes(flag, text);
}

}  // namespace

std::uint64_t ReadingOptions::memory_bytes() const { return bytes_of("loader-memory", memory); }

std::uint64_t ReadingOptions::stage_limit_bytes() const {
  return bytes_of("stage-limit", stage_limit);
}

LoaderMeans ReadingOptions::means(std::int64_t threads) const {
  return {.threads = threads, .slots = slots, .memory = memory_bytes()};
}

void describe(ReadingOptions& o, OptionSet& set) {
  set.group("Reading")
      .add("slots", o.slots, "micro-batches of pictures in memory, that in use included")
      .add("loader-memory", o.memory,
           "memory of each loader of a rank at most, such as 2GiB: fewer slots, then threads; none "
           "= "
           "any")
      .add("stage", o.stage,
           "copy shards to this folder of the node (a local disk, /dev/shm) while training reads")
      .add("stage-limit", o.stage_limit, "bytes of copies there, such as 200GiB; none = any")
      .add("stage-keep", o.stage_keep, "leave the copies for the next run");
}

void validate(const ReadingOptions& o) {
  require_range("slots", o.slots, 1, 4096);
  static_cast<void>(o.memory_bytes());
  static_cast<void>(o.stage_limit_bytes());
  if (o.stage.empty() && (!o.stage_limit.empty() || o.stage_keep))
    throw UsageError("there is nothing to limit or keep", "--stage", "name a folder with --stage");
}

}  // namespace intr
