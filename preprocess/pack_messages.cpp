// SPDX-License-Identifier: Apache-2.0
#include "preprocess/pack_messages.h"

#include "preprocess/byte_stream.h"

namespace intr {
namespace {

void add(ByteWriter& out, const SourceFile& file) {
  out.text(file.path);
  out.number(file.label);
  out.number(file.sample_id);
  out.number(file.size);
  out.number(file.mtime_ns);
  for (const float value : file.annotations.box) out.number(value);
  out.list(file.annotations.part_xy);
  out.list(file.annotations.part_visible);
}

SourceFile source_file(ByteReader& in) {
  SourceFile file;
  file.path = in.text();
  file.label = in.number<std::int32_t>();
  file.sample_id = in.number<std::uint64_t>();
  file.size = in.number<std::uint64_t>();
  file.mtime_ns = in.number<std::int64_t>();
  for (float& value : file.annotations.box) value = in.number<float>();
  file.annotations.part_xy = in.list<float>();
  file.annotations.part_visible = in.list<std::uint8_t>();
  return file;
}

void add(ByteWriter& out, const PlannedShard& shard) {
  out.number(shard.split);
  out.number(shard.number);
  out.number(shard.of);
  out.number(shard.first);
  out.number(shard.last);
  out.number(shard.bytes);
  out.text(shard.file);
}

PlannedShard planned_shard(ByteReader& in) {
  PlannedShard shard;
  shard.split = in.number<std::size_t>();
  shard.number = in.number<std::int64_t>();
  shard.of = in.number<std::int64_t>();
  shard.first = in.number<std::size_t>();
  shard.last = in.number<std::size_t>();
  shard.bytes = in.number<std::uint64_t>();
  shard.file = in.text();
  return shard;
}

void add(ByteWriter& out, const SampleColumns& columns) {
  out.list(columns.sample_id);
  out.list(columns.hash);
  out.list(columns.source_hash);
  out.list(columns.label);
  out.list(columns.width);
  out.list(columns.height);
  out.list(columns.flags);
  out.list(columns.codec);
  out.list(columns.mode);
  out.list(columns.orientation);
  out.list(columns.path);
  out.list(columns.path_offset);
  out.list(columns.box);
  out.texts(columns.part_names);
  out.list(columns.part_xy);
  out.list(columns.part_visible);
}

SampleColumns sample_columns(ByteReader& in) {
  SampleColumns columns;
  columns.sample_id = in.list<std::uint64_t>();
  columns.hash = in.list<std::uint64_t>();
  columns.source_hash = in.list<std::uint64_t>();
  columns.label = in.list<std::int32_t>();
  columns.width = in.list<std::uint32_t>();
  columns.height = in.list<std::uint32_t>();
  columns.flags = in.list<std::uint32_t>();
  columns.codec = in.list<std::uint8_t>();
  columns.mode = in.list<std::uint8_t>();
  columns.orientation = in.list<std::uint8_t>();
  columns.path = in.list<std::uint8_t>();
  columns.path_offset = in.list<std::uint64_t>();
  columns.box = in.list<float>();
  columns.part_names = in.texts();
  columns.part_xy = in.list<float>();
  columns.part_visible = in.list<std::uint8_t>();
  return columns;
}

}  // namespace

std::string plan_to_bytes(const PackPlan& plan) {
  ByteWriter out;
  const Listing& listing = plan.listing;
  out.texts(listing.classes);
  out.number(listing.has_boxes);
  out.texts(listing.part_names);
  out.number(listing.splits.size());
  for (const SourceSplit& split : listing.splits) {
    out.text(split.name);
    out.number(split.files.size());
    for (const SourceFile& file : split.files) add(out, file);
  }
  out.number(plan.shards.size());
  for (const PlannedShard& shard : plan.shards) add(out, shard);
  out.text(plan.options_json);
  out.text(plan.plan_id);
  return out.take();
}

PackPlan plan_from_bytes(const std::string& bytes) {
  ByteReader in(bytes);
  PackPlan plan;
  plan.listing.classes = in.texts();
  plan.listing.has_boxes = in.number<bool>();
  plan.listing.part_names = in.texts();
  plan.listing.splits.resize(in.number<std::size_t>());
  for (SourceSplit& split : plan.listing.splits) {
    split.name = in.text();
    split.files.resize(in.number<std::size_t>());
    for (SourceFile& file : split.files) file = source_file(in);
  }
  plan.shards.resize(in.number<std::size_t>());
  for (PlannedShard& shard : plan.shards) shard = planned_shard(in);
  plan.options_json = in.text();
  plan.plan_id = in.text();
  return plan;
}

std::string results_to_bytes(const std::vector<FinishedShard>& results) {
  ByteWriter out;
  for (const auto& [shard, result] : results) {
    out.number(shard);
    add(out, result.columns);
    out.list(result.length);
    out.number(result.data_begin);
    out.number(result.file_bytes);
    out.text(result.hash);
    out.number(result.written);
    out.number(result.bad.size());
    for (const BadFile& bad : result.bad) {
      out.text(bad.split);
      out.text(bad.path);
      out.text(bad.reason);
      out.number(bad.offset);
    }
  }
  return out.take();
}

std::vector<FinishedShard> results_from_bytes(const std::string& bytes) {
  ByteReader in(bytes);
  std::vector<FinishedShard> results;
  while (!in.at_end()) {
    auto& [shard, result] = results.emplace_back();
    shard = in.number<std::size_t>();
    result.columns = sample_columns(in);
    result.length = in.list<std::uint64_t>();
    result.data_begin = in.number<std::uint64_t>();
    result.file_bytes = in.number<std::uint64_t>();
    result.hash = in.text();
    result.written = in.number<bool>();
    result.bad.resize(in.number<std::size_t>());
    for (BadFile& bad : result.bad) {
      bad.split = in.text();
      bad.path = in.text();
      bad.reason = in.text();
      bad.offset = in.number<std::int64_t>();
    }
  }
  return results;
}

}  // namespace intr
