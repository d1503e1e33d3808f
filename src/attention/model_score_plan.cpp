// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_score_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "intr/attention/map_format.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/philox.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
using Ids = std::vector<std::int64_t>;
// On disk: never rename.
constexpr const char* kFormat = "intr-model-score-plan";
constexpr std::int64_t kFormatMajor = 1;  // another one is refused
constexpr std::int64_t kFormatMinor = 0;  // a larger one only adds
constexpr const char* kNext = "the file was changed by hand or damaged: start in an empty folder";

/// What decides the numbers, by name. One list serves id, file and comparison.
Json content_fields(const ModelScorePlan& plan) {
  return {{"content_id", plan.content_id},
          {"model_hash", plan.model_hash},
          {"dataset_id", plan.dataset_id},
          {"precision", plan.precision},
          {"options", plan.options},
          {"samples", plan.sample_ids},
          {"randomized_samples", plan.randomized_ids}};
}

/// Sample ids of a member. @throws DataError unless they are whole numbers from 0 on, rising
Ids ids_of(const Json& content, const char* name, const std::string& path) {
  Ids ids;
  for (const Json& id : json_member<Json::array_t>(content, name, path)) {
    // The JSON library would turn -1 into 2^64 - 1, and 1.5 and true into 1.
    if (!id.is_number_unsigned() || !std::in_range<std::int64_t>(id.get<std::uint64_t>()))
      throw DataError(fmt::format("member '{}' holds {}, no whole number from 0 on", name,
                                  id.dump().substr(0, 40)),
                      path, kNext);
    ids.push_back(id.get<std::int64_t>());
  }
  if (std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>()) != ids.end())
    throw DataError(fmt::format("member '{}' does not rise", name), path, kNext);
  return ids;
}

/// Thousands of numbers are told apart by their hash.
std::string short_text(const Json& value) {
  if (!value.is_array()) return value.dump();
  return fmt::format("{} of hash {:016x}", value.size(), xxh3_64(value.dump()));
}

/// Adds a sentence for each field of two objects whose values differ.
void compare(const Json& there, const Json& wanted, std::vector<std::string>& differences) {
  const auto text = [](const Json& fields, const std::string& name) {
    return fields.contains(name) ? short_text(fields.at(name)) : std::string("not stored");
  };
  Json names = there;
  names.update(wanted);
  for (const auto& [name, ignored] : names.items())
    if (text(there, name) != text(wanted, name))
      differences.push_back(
          fmt::format("{} is {} there and {} here", name, text(there, name), text(wanted, name)));
}

}  // namespace

std::int64_t ModelScorePlan::num_pieces() const noexcept {
  return (std::ssize(sample_ids) + piece_samples - 1) / piece_samples;
}

std::span<const std::int64_t> ModelScorePlan::piece(std::int64_t number) const {
  if (number < 0 || number >= num_pieces())
    throw InternalError(fmt::format("asked for piece {} of {}", number, num_pieces()));
  const std::int64_t first = number * piece_samples;
  const std::int64_t count = std::min(piece_samples, std::ssize(sample_ids) - first);
  return std::span(sample_ids)
      .subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
}

std::vector<std::int64_t> draw_samples(const std::vector<std::int64_t>& ids, std::int64_t count,
                                       std::int64_t seed) {
  std::vector<std::pair<std::uint64_t, std::int64_t>> keys;
  keys.reserve(ids.size());
  for (const std::int64_t id : ids)
    keys.emplace_back(draw_bits(static_cast<std::uint64_t>(seed), Purpose::kScoreSamples, 0,
                                static_cast<std::uint64_t>(id), 0),
                      id);
  std::sort(keys.begin(), keys.end());
  if (count > 0 && count < std::ssize(keys)) keys.resize(static_cast<std::size_t>(count));
  Ids drawn;
  for (const auto& [key, id] : keys) drawn.push_back(id);
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

std::int64_t score_piece_samples(std::int64_t num_samples) noexcept {
  return std::clamp<std::int64_t>((num_samples + 1023) / 1024, 1, 64);
}

void identify(ModelScorePlan& plan) {
  plan.run_id = Hash128().add(std::string_view(content_fields(plan).dump())).hex();
}

Json to_json(const ModelScorePlan& plan) {
  return {{"format", kFormat},
          {"format_version", {kFormatMajor, kFormatMinor}},
          {"run_id", plan.run_id},
          {"piece_samples", plan.piece_samples},
          {"content", content_fields(plan)}};
}

ModelScorePlan read_score_plan(const std::string& folder) {
  const std::string path = fmt::format("{}/{}", folder, kPlanFileName);
  const Json json = read_json(path);
  const auto format = json_member<std::string>(json, "format", path);
  const auto version = json_member<Ids>(json, "format_version", path);
  if (format != kFormat || version.size() != 2 || version[0] != kFormatMajor)
    throw DataError(fmt::format("is {} {}, this program reads {} {}.x", format,
                                fmt::join(version, "."), kFormat, kFormatMajor),
                    path, "use a matching version of these programs, or an empty folder");
  ModelScorePlan plan;
  const auto content = json_member<Json>(json, "content", path);
  plan.content_id = json_member<std::string>(content, "content_id", path);
  plan.model_hash = json_member<std::string>(content, "model_hash", path);
  plan.dataset_id = json_member<std::string>(content, "dataset_id", path);
  plan.precision = json_member<std::string>(content, "precision", path);
  plan.options = json_member<Json>(content, "options", path);
  if (!plan.options.is_object()) throw DataError("member 'options' is no object", path, kNext);
  plan.sample_ids = ids_of(content, "samples", path);
  plan.randomized_ids = ids_of(content, "randomized_samples", path);
  if (!std::includes(plan.sample_ids.begin(), plan.sample_ids.end(), plan.randomized_ids.begin(),
                     plan.randomized_ids.end()))
    throw DataError("randomizes samples that it does not have", path, kNext);
  const auto piece_samples = json_member<Json>(json, "piece_samples", path);
  if (!piece_samples.is_number_unsigned() || piece_samples < 1 || piece_samples > 1'000'000)
    throw DataError(fmt::format("member 'piece_samples' is {}", piece_samples.dump().substr(0, 40)),
                    path, kNext);
  plan.piece_samples = piece_samples.get<std::int64_t>();
  identify(plan);
  if (plan.run_id != json_member<std::string>(json, "run_id", path))
    throw DataError("the fields do not match their id: the file was changed", path,
                    "start again in an empty folder");
  return plan;
}

bool place_score_plan(const std::string& folder, const ModelScorePlan& plan) {
  return write_new_file(fmt::format("{}/{}", folder, kPlanFileName), to_json(plan).dump(1) + "\n");
}

std::string plan_difference(const ModelScorePlan& there, const ModelScorePlan& wanted) {
  std::vector<std::string> differences;
  Json here = content_fields(wanted), stored = content_fields(there);
  here.erase("options");
  stored.erase("options");
  compare(stored, here, differences);
  compare(there.options, wanted.options, differences);
  return fmt::format("{}", fmt::join(differences, "; "));
}

}  // namespace intr
