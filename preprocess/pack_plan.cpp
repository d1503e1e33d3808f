// SPDX-License-Identifier: Apache-2.0
#include "preprocess/pack_plan.h"

#include <fmt/format.h>

#include <sstream>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/printable.h"
#include "intr/data/shard_format.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

constexpr const char* kPlanFirstLine = "intr-pack-plan 1";

void cut_into_shards(PackPlan& plan, std::size_t split, std::uint64_t shard_size) {
  const std::vector<SourceFile>& files = plan.listing.splits[split].files;
  std::vector<PlannedShard> shards;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (shards.empty() || shards.back().bytes + files[i].size > shard_size) {
      PlannedShard shard;
      shard.split = split;
      shard.number = std::ssize(shards);
      shard.first = i;
      shards.push_back(shard);
    }
    shards.back().last = i + 1;
    shards.back().bytes += files[i].size;
  }
  for (PlannedShard& shard : shards) {
    shard.of = std::ssize(shards);
    shard.file = shard_format::shard_file(plan.split_name(shard), shard.number, shard.of);
    plan.shards.push_back(shard);
  }
}

std::string identify(const PackPlan& plan) {
  Hash128 hash;
  for (const SourceSplit& split : plan.listing.splits) {
    for (const SourceFile& file : split.files) {
      hash.add(split.name).add(file.path).add(file.size);
      hash.add(static_cast<std::uint64_t>(file.label)).add(file.sample_id);
    }
  }
  for (const std::string& name : plan.listing.classes) hash.add(name);
  hash.add(plan.options_json);
  for (const PlannedShard& shard : plan.shards) hash.add(shard.first).add(shard.last);
  return hash.hex();
}

}  // namespace

std::vector<std::string> PackPlan::printable_classes() const {
  std::vector<std::string> names;
  for (const std::string& name : listing.classes) names.push_back(printable(name));
  return names;
}

PackPlan make_plan(Listing listing, std::uint64_t shard_size, std::string options_json) {
  PackPlan plan;
  plan.listing = std::move(listing);
  plan.options_json = std::move(options_json);
  for (std::size_t split = 0; split < plan.listing.splits.size(); ++split)
    cut_into_shards(plan, split, shard_size);
  plan.plan_id = identify(plan);
  return plan;
}

void write_plan_file(const std::string& path, const PackPlan& plan, const std::string& source) {
  std::string text = fmt::format("{}\n{}\n{}\n{}\n", kPlanFirstLine, plan.plan_id,
                                 plan.options_json, printable(source));
  for (const SourceSplit& split : plan.listing.splits) {
    for (const SourceFile& file : split.files)
      text += fmt::format("{} {} {}\n", file.size, file.mtime_ns,
                          printable(split.name + "/" + file.path));
  }
  write_file(path, text);
}

PlanFile read_plan_file(const std::string& path) {
  std::istringstream text(read_file(path));
  PlanFile plan;
  std::string first;
  const auto refuse = [&] {
    throw DataError("is no plan of this program", path,
                    "remove what an earlier packing left behind with --restart");
  };
  std::getline(text, first);
  if (first != kPlanFirstLine || !std::getline(text, plan.plan_id) ||
      !std::getline(text, plan.options_json) || !std::getline(text, plan.source))
    refuse();
  std::uint64_t size = 0;
  std::int64_t mtime = 0;
  while (text >> size >> mtime) {
    std::string name;
    text.get();
    std::getline(text, name);
    plan.size[name] = size;
    plan.mtime_ns[name] = mtime;
  }
  if (!text.eof()) refuse();
  return plan;
}

std::string plan_difference(const PackPlan& plan, const PlanFile& old) {
  if (plan.options_json != old.options_json)
    return fmt::format("its options were {}, now they are {}", old.options_json, plan.options_json);
  if (plan.listing.num_files() != std::ssize(old.size))
    return fmt::format("it had {} pictures from {}, now there are {}", old.size.size(), old.source,
                       plan.listing.num_files());
  for (const SourceSplit& split : plan.listing.splits) {
    for (const SourceFile& file : split.files) {
      const std::string name = printable(split.name + "/" + file.path);
      const auto found = old.size.find(name);
      if (found == old.size.end()) return fmt::format("it had no {}", name);
      if (found->second != file.size)
        return fmt::format("{} had {} bytes, now {}", name, found->second, file.size);
    }
  }
  return "its classes, labels or shard size were others";
}

}  // namespace intr
