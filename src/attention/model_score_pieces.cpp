// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_score_pieces.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <utility>

#include "intr/attention/map_format.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
// On disk: never rename.
constexpr const char* kFormat = "intr-model-score-piece";
constexpr std::int64_t kFormatMajor = 1;  // another one is refused
constexpr std::int64_t kFormatMinor = 0;  // a larger one only adds

std::string path_of(const std::string& folder, std::int64_t number) {
  return fmt::format("{}/{}", folder, score_piece_file_name(number));
}

bool is_there(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

/// @throws Json::exception if a sample is no object with an id
bool has_ids(const Json::array_t& samples, std::span<const std::int64_t> ids) {
  return std::equal(samples.begin(), samples.end(), ids.begin(), ids.end(),
                    [](const Json& sample, std::int64_t id) { return sample.at("sample") == id; });
}

/// Of what the samples say, however a file spaces it. Numbers come back bit for bit, so that
/// writer and reader see the same text.
std::string hash_of(const Json& samples) { return fmt::format("{:016x}", xxh3_64(samples.dump())); }

/// What is wrong with a piece, or "". @throws Json::exception if a member is missing or of another
/// type
std::string trouble_of(const Json& json, const ModelScorePlan& plan, std::int64_t number) {
  const auto format = json.at("format").get<std::string>();
  const auto version = json.at("format_version").get<std::vector<std::int64_t>>();
  if (format != kFormat || version.size() != 2 || version[0] != kFormatMajor)
    return fmt::format("is {} {}, this program reads {} {}.x", format, fmt::join(version, "."),
                       kFormat, kFormatMajor);
  const auto run_id = json.at("run_id").get<std::string>();
  if (run_id != plan.run_id)
    return fmt::format("belongs to run {}, plan.json to {}", run_id, plan.run_id);
  if (json.at("piece") != number)
    return fmt::format("is piece {}, not {}", json.at("piece").dump(), number);
  const Json& samples = json.at("samples");
  const auto stored = json.at("hash").get<std::string>();
  if (const std::string hash = hash_of(samples); hash != stored)
    return fmt::format("its samples have hash {}, stored is {}", hash, stored);
  if (!has_ids(samples.get_ref<const Json::array_t&>(), plan.piece(number)))
    return "does not hold the samples that plan.json lists";
  return "";
}

}  // namespace

std::string score_piece_file_name(std::int64_t number) {
  return fmt::format("piece-{:05}.json", number);
}

void write_score_piece(const std::string& folder, const ModelScorePlan& plan, std::int64_t number,
                       std::vector<Json> samples) {
  const std::string path = path_of(folder, number);
  if (!has_ids(samples, plan.piece(number)))
    throw InternalError("was to hold other samples than those of the plan", path);
  Json json = {{"format", kFormat},
               {"format_version", {kFormatMajor, kFormatMinor}},
               {"run_id", plan.run_id},
               {"piece", number},
               {"samples", std::move(samples)}};
  json["hash"] = hash_of(json["samples"]);
  try {
    write_file(path, json.dump() + "\n");
  } catch (const Error&) {
    // Another job at the same piece was faster and tidied up.
    if (!score_piece_trouble(folder, plan, number).empty()) throw;
    log::info("{} is there already, from another job", path);
  }
  remove_leftovers(path);
}

std::vector<Json> read_score_piece(const std::string& folder, const ModelScorePlan& plan,
                                   std::int64_t number) {
  const std::string path = path_of(folder, number);
  const auto refuse = [&](const std::string& what, const char* next) {
    throw DataError(what, path, next);
  };
  if (!is_there(path)) refuse("is missing", "run the same intr-score command again");
  constexpr const char* kNext = "the same intr-score command computes this piece again";
  try {
    Json json = Json::parse(read_file(path));
    const std::string trouble = trouble_of(json, plan, number);
    if (!trouble.empty()) refuse(trouble, kNext);
    return std::move(json["samples"].get_ref<Json::array_t&>());
  } catch (const Json::parse_error& error) {
    refuse(fmt::format("no JSON at byte {}", error.byte), kNext);
  } catch (const Json::exception& error) {
    refuse(fmt::format("is no piece of scores: {}", error.what()), kNext);
  }
  return {};
}

std::string score_piece_trouble(const std::string& folder, const ModelScorePlan& plan,
                                std::int64_t number) {
  if (!is_there(path_of(folder, number))) return "missing";
  try {
    read_score_piece(folder, plan, number);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

void remove_score_leftovers(const std::string& folder, const ModelScorePlan& plan) {
  remove_leftovers(fmt::format("{}/{}", folder, kPlanFileName));
  for (std::int64_t number = 0; number < plan.num_pieces(); ++number)
    remove_leftovers(path_of(folder, number));
}

}  // namespace intr
