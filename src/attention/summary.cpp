// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/summary.h"

#include <fmt/format.h>

#include "intr/attention/confusions.h"
#include "intr/attention/picture_names.h"
#include "intr/attention/verdict.h"
#include "intr/core/csv.h"
#include "intr/core/printable.h"

namespace intr {

std::string summary_csv(const MapReader& reader, std::span<const std::int64_t> rows,
                        const std::function<std::string(const DumpSample&)>& picture_of) {
  std::string csv = "id,path,true,predicted,right,rank,probability,margin,picture\n";
  const DumpFacts& facts = reader.facts();
  for (const std::int64_t row : rows) {
    const DumpSample& sample = reader.sample(row);
    const Verdict verdict = judge(sample);
    const std::string rank =
        sample.true_rank >= 0 ? fmt::format("{}", sample.true_rank + 1) : std::string();
    csv += fmt::format("{},{},{},{},{},{},{:.6g},{:.6g},{}\n", sample.sample_id,
                       csv_field(printable(sample.path)),
                       verdict.labeled ? csv_field(class_name(facts, sample.label)) : "",
                       csv_field(class_name(facts, verdict.predicted)),
                       !verdict.labeled ? ""
                       : verdict.right  ? "1"
                                        : "0",
                       rank, verdict.probability, verdict.margin, csv_field(picture_of(sample)));
  }
  return csv;
}

nlohmann::ordered_json summary_json(const MapReader& reader, std::span<const std::int64_t> rows) {
  const DumpFacts& facts = reader.facts();
  std::int64_t labeled = 0, hits = 0;
  for (const std::int64_t row : rows) {
    const Verdict verdict = judge(reader.sample(row));
    labeled += verdict.labeled ? 1 : 0;
    hits += verdict.right ? 1 : 0;
  }
  auto confusions = nlohmann::ordered_json::array();
  for (const Confusion& confusion : confusions_of(reader, rows))
    confusions.push_back({{"true", printable(class_name(facts, confusion.pair.label))},
                          {"predicted", printable(class_name(facts, confusion.pair.predicted))},
                          {"count", confusion.count}});
  nlohmann::ordered_json summary;
  summary["content_id"] = facts.content_id;
  summary["split"] = facts.split;
  summary["complete"] = facts.complete;
  summary["n"] = std::ssize(rows);
  summary["labeled"] = labeled;
  summary["hits"] = hits;
  summary["accuracy"] =
      labeled > 0 ? nlohmann::ordered_json(static_cast<double>(hits) / static_cast<double>(labeled))
                  : nlohmann::ordered_json(nullptr);
  summary["confusions"] = confusions;
  return summary;
}

}  // namespace intr
