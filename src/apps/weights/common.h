// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/core/option_set.h"
#include "intr/model/architecture.h"
#include "intr/weights/weight_file.h"

namespace intr {

/// What every command of intr-weights takes.
struct CommonOptions {
  bool json = false;
  bool quiet = false;
  WeightLimits limits;
};
void describe(CommonOptions& options, OptionSet& set);
/// Parses, checks and applies them. @return false for --help and --version
bool parse(OptionSet& set, const std::vector<std::string>& words, const CommonOptions& options);

/// Opens what the user names: a weight file, or a run directory's best checkpoint.
WeightFile open_weights(const std::string& file_or_run, const CommonOptions& options);

/// "12,345,678".
std::string with_commas(std::int64_t number);
/// "166.5 MB", by thousands as files are sold.
std::string megabytes(std::uint64_t bytes);
/// "[256, 2048, 1, 1]".
std::string shape_text(const std::vector<std::int64_t>& shape);

/// A frozen norm's constants in the backbone, which are no parameters.
bool is_buffer(const std::string& our_name);

}  // namespace intr
