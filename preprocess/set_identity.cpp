// SPDX-License-Identifier: Apache-2.0
#include "preprocess/set_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <tuple>

#include "intr/core/hash.h"

namespace intr {

std::string packing_time() {
  std::time_t now = std::time(nullptr);
  if (const char* pinned = std::getenv("SOURCE_DATE_EPOCH"))
    now = static_cast<std::time_t>(std::strtoll(pinned, nullptr, 10));
  std::tm parts = {};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string identify_set(const PackPlan& plan, const std::vector<PackedSplit>& splits,
                         const std::string& exif, const std::string& gray16) {
  struct Row {
    std::string split, path;
    std::int32_t label;
    std::uint64_t size, source_hash;
  };
  std::vector<Row> rows;
  for (std::size_t s = 0; s < splits.size(); ++s) {
    const SampleColumns& columns = splits[s].columns;
    std::size_t row = 0;
    for (const SourceFile& file : plan.listing.splits[s].files) {
      if (row == columns.sample_id.size() || columns.sample_id[row] != file.sample_id) continue;
      rows.push_back({splits[s].name, file.path, file.label, file.size, columns.source_hash[row]});
      ++row;
    }
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::tie(a.split, a.path) < std::tie(b.split, b.path);
  });
  Hash128 hash;
  for (const std::string& name : plan.listing.classes) hash.add(name);
  hash.add(fmt::format("exif={} gray16={} resize=pillow-h", exif, gray16)).add(plan.options_json);
  for (const Row& row : rows) {
    hash.add(row.split).add(row.path).add(static_cast<std::uint64_t>(row.label));
    hash.add(row.size).add(row.source_hash);
  }
  return hash.hex();
}

std::string set_difference(const PackPlan& plan, const Manifest& manifest) {
  if (manifest.classes != plan.printable_classes())
    return fmt::format("it has {} classes, the source {}, or other names", manifest.classes.size(),
                       plan.listing.classes.size());
  if (manifest.options.dump() != plan.options_json)
    return fmt::format("its options were {}, now they are {}", manifest.options.dump(),
                       plan.options_json);
  for (const SourceSplit& split : plan.listing.splits) {
    for (const Manifest::Split& packed : manifest.splits) {
      if (packed.name == split.name && packed.num_samples != std::ssize(split.files))
        return fmt::format("its split '{}' has {} samples, the source {}", split.name,
                           packed.num_samples, split.files.size());
    }
  }
  return "its splits, files or shard size differ";
}

}  // namespace intr
