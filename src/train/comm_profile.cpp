// SPDX-License-Identifier: Apache-2.0
#include "intr/train/comm_profile.h"

#include <fmt/format.h>

#include <cmath>

#include "intr/core/error.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

const char* const kMeasureAgain = "measure it: mpirun -n RANKS intr-bench comm --json FILE";

void require(bool holds, const std::string& what, const std::string& path) {
  if (!holds) throw DataError("no profile of collectives: " + what, path, kMeasureAgain);
}

template <class T>
T member(const Json& object, const char* name, const std::string& path) {
  const auto found = object.find(name);
  require(found != object.end(), fmt::format("'{}' is missing", name), path);
  try {
    return found->get<T>();
  } catch (const Json::exception&) {
    require(false, fmt::format("'{}' is {}", name, found->dump()), path);
    throw;
  }
}

double not_negative(const Json& object, const char* name, const std::string& path) {
  const auto value = member<double>(object, name, path);
  require(std::isfinite(value) && value >= 0, fmt::format("'{}' is {}", name, value), path);
  return value;
}

double positive(const Json& object, const char* name, const std::string& path) {
  const auto value = member<double>(object, name, path);
  require(std::isfinite(value) && value > 0, fmt::format("'{}' is {}", name, value), path);
  return value;
}

}  // namespace

Json to_json(const CommProfile& profile) {
  return {{"ranks", profile.ranks},
          {"nodes", profile.nodes},
          {"alpha_us", 1e6 * profile.fit.link.latency_s},
          {"beta_gb_s", 1e-9 * profile.fit.link.bytes_per_s},
          {"fit_error", profile.fit.error},
          {"picture_backward_ms", 1e3 * profile.picture_backward_s}};
}

CommProfile read_comm_profile(const std::string& path) {
  const Json file = read_json(path);
  require(file.is_object(), "no JSON object", path);
  const auto schema = member<std::string>(file, "schema", path);
  require(schema == "intr-bench/1", fmt::format("schema is '{}', not 'intr-bench/1'", schema),
          path);
  const auto bench = member<std::string>(file, "bench", path);
  require(bench == "comm", fmt::format("it is of intr-bench {}", bench), path);
  const auto summary = member<Json>(file, "summary", path);
  require(summary.is_object(), "'summary' is no object", path);

  CommProfile profile;
  profile.ranks = member<std::int64_t>(summary, "ranks", path);
  profile.nodes = member<std::int64_t>(summary, "nodes", path);
  require(profile.ranks >= 2 && profile.nodes >= 1 && profile.nodes <= profile.ranks,
          fmt::format("{} ranks on {} nodes", profile.ranks, profile.nodes), path);
  profile.fit.link = {1e-6 * not_negative(summary, "alpha_us", path),
                      1e9 * positive(summary, "beta_gb_s", path)};
  profile.fit.error = member<double>(summary, "fit_error", path);
  if (summary.contains("picture_backward_ms"))
    profile.picture_backward_s = 1e-3 * not_negative(summary, "picture_backward_ms", path);
  return profile;
}

}  // namespace intr
