// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_csv.h"

#include <fmt/format.h>

#include <iterator>

#include "intr/attention/picture_names.h"
#include "intr/core/csv.h"
#include "intr/core/printable.h"

namespace intr {

namespace {

void append_number(std::string& csv, double value) {
  csv += ',';
  csv += csv_field(value);
}

template <class Measure>
void append_ids(std::string& csv) {
  for (const Measure measure : every<Measure>())
    fmt::format_to(std::back_inserter(csv), ",{}", facts_of(measure).id);
}

void append_part(std::string& csv, const ScoreTable& table, std::int32_t part) {
  csv += ',';
  if (part >= 0) csv += csv_field(printable(table.part_names[static_cast<std::size_t>(part)]));
}

}  // namespace

std::string samples_csv(const ScoreTable& table) {
  std::string csv = "sample,path,class,predicted";
  append_ids<SampleMeasure>(csv);
  append_ids<MapMeasure>(csv);
  csv += ",nearest_part\n";
  for (std::size_t i = 0; i < table.samples.size(); ++i) {
    const DumpSample& sample = table.samples[i];
    const SampleScores& scores = table.scores[i];
    const std::int32_t predicted = sample.top_class.empty() ? -1 : sample.top_class[0];
    const std::string own = sample.label < 0 ? "" : class_name(table.facts, sample.label);
    csv += fmt::format("{},{},{},{}", sample.sample_id, csv_field(printable(sample.path)),
                       csv_field(printable(own)),
                       csv_field(printable(class_name(table.facts, predicted))));
    for (const SampleMeasure measure : every<SampleMeasure>())
      append_number(csv, scores.values[measure]);
    for (const MapMeasure measure : every<MapMeasure>())
      append_number(csv, scores.mean.values[measure]);
    append_part(csv, table, scores.mean.nearest_part);
    csv += '\n';
  }
  return csv;
}

std::string heads_csv(const ScoreTable& table) {
  std::string csv = "sample,head";
  append_ids<MapMeasure>(csv);
  csv += ",nearest_part\n";
  for (std::size_t i = 0; i < table.samples.size(); ++i) {
    for (std::size_t n = 0; n < table.heads.size(); ++n) {
      const MapScores& head = table.scores[i].heads[n];
      csv += fmt::format("{},{}", table.samples[i].sample_id, table.heads[n]);
      for (const MapMeasure measure : every<MapMeasure>()) append_number(csv, head.values[measure]);
      append_part(csv, table, head.nearest_part);
      csv += '\n';
    }
  }
  return csv;
}

std::string classes_csv(const ScoreSummary& summary) {
  std::string csv = "class,name,samples,hits";
  for (const std::string& id : summary.class_columns) csv += "," + id;
  csv += ",consistent_heads\n";
  for (const ClassScores& own : summary.class_scores) {
    csv +=
        fmt::format("{},{},{},{}", own.class_index, csv_field(own.name), own.num_samples, own.hits);
    for (const double mean : own.means) append_number(csv, mean);
    append_number(csv, own.consistent_heads);
    csv += '\n';
  }
  return csv;
}

std::string parts_csv(const ScoreSummary& summary) {
  std::string csv = "head,part,share,low,high,samples\n";
  const PartShares& parts = summary.part_shares;
  for (std::size_t n = 0; n < parts.shares.size(); ++n) {
    for (std::size_t k = 0; k < parts.parts.size(); ++k) {
      csv += fmt::format("{},{}", summary.heads[n], csv_field(parts.parts[k]));
      const Estimate& share = parts.shares[n][k];
      for (const double value : {share.mean, share.low, share.high}) append_number(csv, value);
      csv += fmt::format(",{}\n", parts.visible[k]);
    }
  }
  return csv;
}

}  // namespace intr
