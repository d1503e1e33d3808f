// SPDX-License-Identifier: Apache-2.0
#include "query_start.h"

#include <fmt/format.h>

#include <map>

#include "counted_draws.h"
#include "intr/core/error.h"

namespace intr {
namespace {

/// Means of the columns. @param rows [R, D]
std::vector<double> column_means(std::span<const float> rows, std::size_t width) {
  std::vector<double> means(width, 0);
  for (std::size_t i = 0; i < rows.size(); ++i) means[i % width] += static_cast<double>(rows[i]);
  for (double& mean : means) mean *= static_cast<double>(width) / static_cast<double>(rows.size());
  return means;
}

}  // namespace

QueryStart::QueryStart(const ParameterRow& row, std::int64_t stored, std::int64_t queries_per_class,
                       const ImportOptions& options, const std::string& where)
    : row_(row),
      stored_(stored),
      seed_(options.seed),
      noise_(options.noise_frac),
      origins_(static_cast<std::size_t>(row.shape[0])) {
  if (options.query_init == "tile") {
    tile();
  } else if (options.query_init == "mean") {
    for (Origin& origin : origins_) origin = {kMean, true};
    how_ = fmt::format("mean of {} rows{}", stored_, noise_text());
  } else if (options.query_init == "random") {
    for (Origin& origin : origins_) origin = {kRandom, false};
    how_ = "random: normal, standard deviation 1";
  } else if (options.query_init == "match") {
    match(queries_per_class, options, where);
  } else {
    throw InternalError("no rule for --query-init " + options.query_init);
  }
}

void QueryStart::tile() {
  const std::int64_t wanted = row_.shape[0];
  for (std::int64_t r = 0; r < wanted; ++r)
    origins_[static_cast<std::size_t>(r)] = {r % stored_, r >= stored_};
  if (wanted < stored_)
    how_ = fmt::format("tile: the first {} of {} rows", wanted, stored_);
  else if (wanted > stored_)
    how_ = fmt::format("tile: {} rows, repeated as rows {} to {}{}", stored_, stored_, wanted - 1,
                       noise_text());
}

void QueryStart::match(std::int64_t queries_per_class, const ImportOptions& options,
                       const std::string& where) {
  if (options.file_classes.empty())
    throw UsageError(fmt::format("match needs the names of the classes, and {} has none", where),
                     "--query-init", "use --query-init tile");
  const auto their_classes = static_cast<std::int64_t>(options.file_classes.size());
  if (stored_ % their_classes != 0)
    throw DataError(fmt::format("has {} queries, which is no multiple of its {} classes", stored_,
                                their_classes),
                    where, "use --query-init tile");
  const std::int64_t theirs = stored_ / their_classes;  // queries of a class in the file
  if (static_cast<std::int64_t>(options.classes.size()) * queries_per_class != row_.shape[0])
    throw InternalError("class names that are not those of the model", where);
  std::map<std::string, std::int64_t> place;
  for (std::int64_t i = 0; i < their_classes; ++i)
    place.emplace(options.file_classes[static_cast<std::size_t>(i)], i);
  std::size_t matched = 0;
  for (std::size_t i = 0; i < options.classes.size(); ++i) {
    const auto found = place.find(options.classes[i]);
    if (found != place.end()) ++matched;
    for (std::int64_t q = 0; q < queries_per_class; ++q)
      origins_[i * static_cast<std::size_t>(queries_per_class) + static_cast<std::size_t>(q)] =
          found != place.end() && q < theirs ? Origin{found->second * theirs + q, false}
                                             : Origin{kMean, true};
  }
  how_ = fmt::format("match: rows of {} equally named classes; {} others from the mean{}", matched,
                     options.classes.size() - matched, noise_text());
}

std::string QueryStart::noise_text() const {
  return noise_ > 0 ? fmt::format(" with noise {}", noise_) : "";
}

void QueryStart::fill(std::span<const float> stored, std::span<float> out) const {
  const auto width = static_cast<std::size_t>(row_.shape[1]);
  const std::vector<double> means = column_means(stored, width);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Origin& origin = origins_[i / width];
    const auto element = static_cast<std::int64_t>(i);
    if (origin.stored == kRandom) {
      out[i] = initial_value(row_.initial, seed_, element);
      continue;
    }
    const std::size_t column = i % width;
    // Exact where no noise is added.
    const bool exact = !origin.noisy || noise_ == 0;
    if (origin.stored != kMean && exact) {
      out[i] = stored[static_cast<std::size_t>(origin.stored) * width + column];
      continue;
    }
    const double base =
        origin.stored == kMean
            ? means[column]
            : static_cast<double>(stored[static_cast<std::size_t>(origin.stored) * width + column]);
    const double noise =
        exact ? 0
              : noise_ * normal_draw(seed_, Purpose::kQueryNoise, row_.initial.draws_of, element);
    out[i] = static_cast<float>(base + noise);
  }
}

}  // namespace intr
