// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/recomputation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <span>

#include "intr/attention/batch_records.h"
#include "intr/attention/dump_origin.h"
#include "intr/attention/dump_plan.h"
#include "intr/attention/map_block.h"
#include "intr/attention/map_reader.h"
#include "intr/attention/sample_maps.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/philox.h"

namespace intr {
namespace {

constexpr double kTolerance = 1e-5;         // of numbers up to 1; of larger ones relative
constexpr double kLogitTolerance = 1e-4;    // they are sums over the whole model
constexpr double kReducedTolerance = 0.05;  // relative, where products were rounded to 8 or 11 bits
constexpr double kHalfRounding = 1.0 / 1024;  // two values may fall on both sides of a middle

/// The `count` samples with the smallest random numbers.
std::set<std::int64_t> draw_samples(const DumpPlanFile& plan, std::int64_t count,
                                    std::uint64_t seed) {
  std::vector<std::pair<std::uint64_t, std::int64_t>> keys;
  for (const PlannedPiece& piece : plan.pieces)
    for (const std::int64_t id : piece.sample_ids)
      keys.emplace_back(
          draw_bits(seed, Purpose::kVerification, 0, static_cast<std::uint64_t>(id), 0), id);
  std::sort(keys.begin(), keys.end());
  std::set<std::int64_t> drawn;
  for (std::size_t i = 0; i < keys.size() && std::ssize(drawn) < count; ++i)
    drawn.insert(keys[i].second);
  return drawn;
}

/// The planned batches that hold a drawn sample.
std::vector<EvaluationBatch> batches_with(const std::set<std::int64_t>& drawn,
                                          const DumpPlanFile& plan, const RecomputationWork& work) {
  std::vector<std::int64_t> rows;
  for (const PlannedPiece& piece : plan.pieces)
    for (const std::int64_t id : piece.sample_ids) rows.push_back(work.index.find(id));
  std::sort(rows.begin(), rows.end());
  std::vector<EvaluationBatch> chosen;
  for (EvaluationBatch& batch :
       plan_evaluation(work.index, work.transform, plan.batch_size, rows, batching_of(plan.facts)))
    if (std::any_of(batch.rows.begin(), batch.rows.end(),
                    [&](std::int64_t row) { return drawn.contains(work.index.sample_id(row)); }))
      chosen.push_back(std::move(batch));
  return chosen;
}

/// Compares one sample with what is stored of it.
class SampleComparison {
 public:
  SampleComparison(const DumpFacts& facts, const DumpSample& stored, const MapRecord& computed)
      : facts_(facts), stored_(stored), computed_(computed.sample), record_(computed) {
    for (const MapField field : facts.fields())
      computed_.hash[field] = xxh3_64(computed.blocks[field]);
  }

  bool equal() const { return stored_ == computed_; }
  double largest_difference() const { return largest_; }

  /// What is wrong, or "". @param block stored bytes of a field
  std::string trouble(const std::function<std::vector<std::byte>(MapField)>& block) {
    if (!same_picture()) return "its label, path or sizes are not those of the data set";
    if (stored_.top_class.at(0) != computed_.top_class.at(0))
      return fmt::format("its best class is {} in the dump and {} computed again",
                         stored_.top_class[0], computed_.top_class[0]);
    std::string found = compare("top_logit", stored_.top_logit, computed_.top_logit, kLogit);
    if (found.empty()) found = compare("log_z", {&stored_.log_z, 1}, {&computed_.log_z, 1}, kLogit);
    if (found.empty())
      found = compare("logits_all", stored_.logits_all, computed_.logits_all, kLogit);
    if (found.empty()) found = compare_slots();
    for (const MapField field : facts_.fields())
      if (found.empty() && stored_.hash[field] != computed_.hash[field])
        found = compare_field(field, decode_block(block(field), facts_.type));
    return found;
  }

 private:
  enum Kind { kLogit, kMapValue };

  /// Whether what does not come from the network is equal.
  bool same_picture() const {
    DumpSample other = computed_;
    other.query = stored_.query;
    other.logit = stored_.logit;
    other.top_class = stored_.top_class;
    other.top_logit = stored_.top_logit;
    other.log_z = stored_.log_z;
    other.true_rank = stored_.true_rank;
    other.hash = stored_.hash;
    other.logits_all = stored_.logits_all;
    return other == stored_;
  }

  double limit(Kind kind, double peak, double value) const {
    const double rounding =
        kind == kMapValue && facts_.type == MapType::f16 ? kHalfRounding * std::abs(value) : 0;
    if (facts_.precision != "fp32") return kReducedTolerance * peak + rounding;
    return (kind == kLogit ? kLogitTolerance : kTolerance) * std::max(1.0, peak) + rounding;
  }

  std::string compare(const char* name, std::span<const float> stored,
                      std::span<const float> computed, Kind kind) {
    if (stored.size() != computed.size())
      return fmt::format("it has {} values of {} instead of {}", stored.size(), name,
                         computed.size());
    double peak = 0;
    for (const float value : computed) peak = std::max(peak, std::abs(double{value}));
    for (std::size_t i = 0; i < stored.size(); ++i) {
      const double difference = std::abs(double{stored[i]} - double{computed[i]});
      largest_ = std::max(largest_, difference);
      if (!(difference <= limit(kind, peak, double{computed[i]})))
        return fmt::format("element {} of {} is {} in the dump and {} computed again", i, name,
                           stored[i], computed[i]);
    }
    return "";
  }

  /// Finds each stored query among those computed: equal logits may change places, and at the end
  /// of the list one may stand for the other.
  std::string compare_slots() {
    for (std::size_t slot = 0; slot < stored_.query.size(); ++slot) {
      const std::int64_t place = slot_of_class(computed_, stored_.query[slot]);
      place_of_.push_back(place);
      const float other =
          place < 0 ? computed_.logit.back() : computed_.logit[static_cast<std::size_t>(place)];
      const std::string found = compare("logit", {&stored_.logit[slot], 1}, {&other, 1}, kLogit);
      if (!found.empty())
        return fmt::format("query {}, of class {}: {}", slot, stored_.query[slot], found);
    }
    return "";
  }

  std::string compare_field(MapField field, std::span<const float> stored) {
    const std::vector<float> computed = decode_block(record_.blocks[field], facts_.type);
    const char* name = names_of(field).elements;
    if (field == MapField::kValue || field == MapField::kEncoder)
      return compare(name, stored, computed, kMapValue);
    const auto block = static_cast<std::size_t>(facts_.num_heads() * stored_.grid.area());
    const auto slots = static_cast<std::size_t>(facts_.num_queries);
    for (std::size_t map = 0; map < stored.size() / block; ++map) {
      const std::int64_t place = place_of_[map % slots];
      if (place < 0) continue;
      const std::size_t there = map / slots * slots + static_cast<std::size_t>(place);
      const std::string found =
          compare(name, stored.subspan(map * block, block),
                  std::span(computed).subspan(there * block, block), kMapValue);
      if (!found.empty()) return found;
    }
    return "";
  }

  const DumpFacts& facts_;
  const DumpSample& stored_;
  DumpSample computed_;
  const MapRecord& record_;
  std::vector<std::int64_t> place_of_;  ///< of each stored slot among the computed ones, or -1
  double largest_ = 0;
};

/// The file that holds each sample's maps.
std::map<std::int64_t, std::string> piece_of_sample(const DumpPlanFile& plan) {
  std::map<std::int64_t, std::string> pieces;
  for (std::uint32_t number = 0; number < plan.num_pieces(); ++number)
    for (const std::int64_t id : plan.pieces[number].sample_ids)
      pieces[id] = piece_file_name(number);
  return pieces;
}

}  // namespace

Recomputation recompute_samples(const std::string& folder, const RecomputationWork& work) {
  const DumpPlanFile plan = read_dump_plan(folder);
  require_same_origin(plan.facts, work.model_hash, work.index, work.transform, folder);
  const MapReader reader = MapReader::open(folder);
  std::map<std::int64_t, std::int64_t> row_of;
  for (std::int64_t row = 0; row < reader.size(); ++row) row_of[reader.sample(row).sample_id] = row;
  const std::set<std::int64_t> drawn = draw_samples(plan, work.samples, work.seed);
  const MapExtractor extractor(plan.facts,
                               QuerySelection::parse(plan.facts.queries, plan.facts.classes),
                               plan.logits == "all", work.model.config().enc_layers);
  EvaluationLoader loader(work.index, work.reader, work.transform, batches_with(drawn, plan, work),
                          work.loader);
  const std::map<std::int64_t, std::string> piece_of = piece_of_sample(plan);
  Recomputation result;
  const auto check = [&](const MapRecord& record) {
    const std::int64_t id = record.sample.sample_id;
    const std::int64_t row = row_of.at(id);
    SampleComparison comparison(reader.facts(), reader.sample(row), record);
    ++result.checked;
    if (comparison.equal()) {
      ++result.equal;
      return;
    }
    const std::string trouble =
        comparison.trouble([&](MapField field) { return reader.stored(row, field); });
    if (!trouble.empty())
      result.problems.push_back(fmt::format("{}, sample {}: {}", piece_of.at(id), id, trouble));
    result.largest_difference =
        std::max(result.largest_difference, comparison.largest_difference());
  };
  while (const std::optional<MicroBatch> batch = loader.next())
    for (const MapRecord& record :
         compute_records(work.model, extractor, work.index, *batch, work.device))
      if (drawn.contains(record.sample.sample_id)) check(record);
  return result;
}

}  // namespace intr
