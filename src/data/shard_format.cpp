// SPDX-License-Identifier: Apache-2.0
#include "intr/data/shard_format.h"

#include <fmt/format.h>

namespace intr::shard_format {

std::string shard_file(const std::string& split, std::int64_t shard, std::int64_t num_shards,
                       std::int64_t generation) {
  const std::string mark = generation > 1 ? fmt::format("-g{}", generation) : "";
  return fmt::format("{}{}-{:05}-of-{:05}.h5", split, mark, shard, num_shards);
}

std::string index_file(const std::string& split, std::int64_t generation) {
  return generation > 1 ? fmt::format("{}.index-g{}.h5", split, generation) : split + ".index.h5";
}

std::string report_file(std::int64_t generation) {
  return generation > 1 ? fmt::format("pack-report-g{}.json", generation) : "pack-report.json";
}

}  // namespace intr::shard_format
