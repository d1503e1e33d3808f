// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "intr/core/option_set.h"
#include "preprocess/pack_commands.h"
#include "preprocess/packer.h"
#include "preprocess/picture_options.h"
#include "preprocess/source_options.h"

namespace intr {

/// What `pack` and `append` have in common: pictures of a source become shards.
struct PackingOptions {
  SourceOptions source;
  PictureOptions picture;
  std::string shard_size = "512MiB";
  std::string check = "decode";
  std::string on_error = "fail";
  std::string dedup = "report";
  bool restart = false;
  std::int64_t threads = 0;
  bool quiet = false;
  bool json = false;
};

/// Adds the groups "Source", "Packing", "Pictures" and "Run".
void describe(PackingOptions& o, OptionSet& set);
/// @throws UsageError
void validate(const PackingOptions& o, const OptionSet& set);

/// The plan for what the source has, less what the options leave out. @throws DataError
PackPlan plan_packing(const PackingOptions& o, PictureSource& source);
PackerOptions packer_options(const PackingOptions& o, const CommandContext& context);

}  // namespace intr
