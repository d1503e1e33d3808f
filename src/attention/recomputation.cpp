// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/recomputation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "intr/attention/batch_records.h"
#include "intr/attention/dump_plan.h"
#include "intr/attention/map_block.h"
#include "intr/attention/map_reader.h"
#include "intr/core/error.h"
#include "intr/core/philox.h"

namespace intr {
namespace {

constexpr double kTolerance = 1e-5;
constexpr double kHalfRounding = 1.0 / 1024;  // two values may fall on both sides of a middle

/// @throws DataError unless model and data are those of the dump
void require_same(const DumpFacts& facts, const RecomputationWork& work,
                  const std::string& folder) {
  const auto compare = [&](const char* what, const std::string& there, const std::string& here) {
    if (there != here)
      throw DataError(fmt::format("was made from another {}: {}, not {}", what, there, here),
                      folder, fmt::format("give the {} that intr-attend was given", what));
  };
  compare("model", facts.model_hash, work.model_hash);
  compare("data set", facts.dataset_id, work.index.dataset_id());
  compare("split", facts.split, work.index.split());
  compare("transform", facts.transform, describe_transform(work.transform));
}

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
void compare(const MapReader& reader, std::int64_t row, const MapRecord& record,
             Recomputation& result) {
  const DumpFacts& facts = reader.facts();
  const DumpSample& stored = reader.sample(row);
  const DumpSample& computed = record.sample;
  const auto complain = [&](const std::string& what) {
    result.problems.push_back(fmt::format("sample {}: {}", stored.sample_id, what));
  };
  ++result.checked;
  if (stored.grid != computed.grid || stored.image_hash != computed.image_hash)
    return complain("is another picture in the data set");
  if (stored.top_class.at(0) != computed.top_class.at(0))
    return complain(fmt::format("its best class is {} in the dump and {} computed again",
                                stored.top_class[0], computed.top_class[0]));
  bool equal = stored.logit == computed.logit && stored.query == computed.query;
  for (const MapField field : facts.fields()) {
    const std::vector<std::byte> bytes = reader.stored(row, field);
    if (bytes == record.blocks[field]) continue;
    equal = false;
    // Queries of nearly equal logits may change places; their maps cannot be compared by place.
    if (stored.query != computed.query) continue;
    const std::vector<float> a = decode_block(bytes, facts.type);
    const std::vector<float> b = decode_block(record.blocks[field], facts.type);
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
      const double rounding =
          facts.type == MapType::f16 ? kHalfRounding * std::abs(static_cast<double>(b[i])) : 0;
      result.largest_difference = std::max(result.largest_difference, difference);
      if (!(difference <= kTolerance + rounding))
        return complain(fmt::format("element {} of {} is {} in the dump and {} computed again", i,
                                    names_of(field).elements, a[i], b[i]));
    }
  }
  if (equal) ++result.equal;
}

}  // namespace

Recomputation recompute_samples(const std::string& folder, const RecomputationWork& work) {
  const DumpPlanFile plan = read_dump_plan(folder);
  require_same(plan.facts, work, folder);
  const MapReader reader = MapReader::open(folder);
  std::map<std::int64_t, std::int64_t> row_of;
  for (std::int64_t row = 0; row < reader.size(); ++row) row_of[reader.sample(row).sample_id] = row;
  const std::set<std::int64_t> drawn = draw_samples(plan, work.samples, work.seed);
  const MapExtractor extractor(plan.facts,
                               QuerySelection::parse(plan.facts.queries, plan.facts.classes),
                               plan.logits == "all", work.model.config().enc_layers);
  EvaluationLoader loader(work.index, work.reader, work.transform, batches_with(drawn, plan, work),
                          work.loader);
  Recomputation result;
  while (const std::optional<MicroBatch> batch = loader.next())
    for (const MapRecord& record :
         compute_records(work.model, extractor, work.index, *batch, work.device))
      if (drawn.contains(record.sample.sample_id))
        compare(reader, row_of.at(record.sample.sample_id), record, result);
  return result;
}

}  // namespace intr
