// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/prediction_dump.h"

#include <filesystem>

#include "intr/attention/dump_selection.h"
#include "intr/attention/map_block.h"
#include "intr/attention/map_statistics.h"
#include "intr/attention/plan_file.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"

namespace intr {

PredictionDump::PredictionDump(std::string file, DumpFacts facts)
    : file_(std::move(file)), facts_(std::move(facts)) {
  if (std::filesystem::exists(file_))
    throw UsageError("is there already", file_, "give --dump another name or delete it");
  facts_.split = "pictures";
  facts_.batching = "bucket";
  facts_.type = MapType::f16;
}

void PredictionDump::add(MapRecord record) {
  for (const MapField field : facts_.fields())
    record.blocks[field] =
        encode_block(decode_block(record.blocks[field], MapType::f32), MapType::f16);
  const std::int64_t id = record.sample.sample_id;
  records_.emplace(id, std::move(record));
}

void PredictionDump::write() {
  if (records_.empty()) return;
  PerField<std::uint64_t> elements;
  std::vector<std::int64_t> ids;
  Hash128 pictures;
  MapStatistics statistics;
  for (const auto& [id, record] : records_) {
    ids.push_back(id);
    pictures.add(record.sample.image_hash);
    for (const MapField field : facts_.fields()) {
      elements[field] += static_cast<std::uint64_t>(facts_.elements(field, record.sample.grid));
      statistics.add(facts_, field, decode_block(record.blocks[field], MapType::f16),
                     record.sample.grid);
    }
  }
  DumpPlanFile plan;
  plan.facts = facts_;
  plan.facts.dataset_id = pictures.hex();
  plan.logits = records_.begin()->second.sample.logits_all.empty() ? "stored" : "all";
  plan.selection = describe_selection(ids);
  identify(plan);
  statistics.fill(plan.facts);
  AtomicFile out(file_);
  MapWriter writer(out.temporary_path(), MapFileKind::kMerged, plan.facts, elements);
  for (const auto& [id, record] : records_) writer.add(record.sample, record.blocks);
  writer.close();
  check_map_file(out.temporary_path());
  out.commit();
}

}  // namespace intr
