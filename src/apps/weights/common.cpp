// SPDX-License-Identifier: Apache-2.0
#include "common.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "intr/core/log.h"
#include "intr/core/version.h"
#include "intr/weights/checkpoint_file.h"

namespace intr {

void describe(CommonOptions& options, OptionSet& set) {
  set.group("Output")
      .add("json", options.json, "print the result as JSON on standard output")
      .add("quiet", options.quiet, "say only what is wrong");
  describe(options.limits, set);
}

bool parse(OptionSet& set, const std::vector<std::string>& words, const CommonOptions& options) {
  if (!set.parse(words, base_build_facts())) return false;
  validate(options.limits);
  log::set_quiet(options.quiet);
  return true;
}

WeightFile open_weights(const std::string& file_or_run, const CommonOptions& options) {
  return WeightFile(find_checkpoint(file_or_run), options.limits);
}

std::string with_commas(std::int64_t number) {
  std::string text = fmt::format("{}", number);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

std::string megabytes(std::uint64_t bytes) {
  if (bytes < 100'000) return with_commas(static_cast<std::int64_t>(bytes)) + " bytes";
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

bool is_buffer(const std::string& our_name) {
  if (!our_name.starts_with("backbone.0.")) return false;
  return our_name.find(".bn") != std::string::npos ||
         our_name.find(".downsample.1.") != std::string::npos;
}

}  // namespace intr
