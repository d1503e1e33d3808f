// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_attributes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"

namespace intr {
namespace {

constexpr const char* kNext =
    "the file is damaged or was changed: delete that piece and run intr-attend again, or copy the "
    "dump again";

constexpr std::int64_t kMostLayers = 1 << 24;  // of the encoder, whose number is not stored

[[noreturn]] void throw_damaged(const hdf5::File& file, const std::string& what) {
  throw DataError(what, file.path(), kNext);
}

void check_format(const hdf5::File& file) {
  if (!file.has_attribute("/", "format") || file.text("/", "format") != kMapFormat)
    throw DataError("is no attention dump", file.path(), "give a folder that intr-attend made");
  const auto version = file.numbers<std::uint16_t>("/", "format_version");
  if (version.size() != 2 || version[0] != kMapFormatMajor) {
    throw DataError(fmt::format("has attention format {}, this program reads {}.x",
                                fmt::join(version, "."), kMapFormatMajor),
                    file.path(), "use a matching version of these programs");
  }
  if (!file.has_attribute("/", "complete"))
    throw DataError("was not finished by its writer", file.path(), kNext);
}

std::int64_t positive(const hdf5::File& file, const char* name) {
  const auto value = file.number<std::uint32_t>("/", name);
  if (value == 0 || value > std::uint32_t{1} << 24)
    throw_damaged(file, fmt::format("attribute {} is {}", name, value));
  return value;
}

/// Numbers of layers or heads: each from `first` to before `end`, none twice.
void check_numbers(const hdf5::File& file, const char* name, std::vector<std::int32_t> numbers,
                   std::int64_t first, std::int64_t end) {
  std::sort(numbers.begin(), numbers.end());
  if (numbers.front() < first || numbers.back() >= end ||
      std::adjacent_find(numbers.begin(), numbers.end()) != numbers.end())
    throw_damaged(file, fmt::format("attribute {} is [{}]: out of range, or one twice", name,
                                    fmt::join(numbers, ", ")));
}

std::int64_t samples_planned(const hdf5::File& file) {
  const auto planned = file.number<std::uint64_t>("/", "samples_planned");
  if (!std::in_range<std::int64_t>(planned))
    throw_damaged(file, fmt::format("attribute samples_planned is {}", planned));
  return static_cast<std::int64_t>(planned);
}

bool is_signed(const hdf5::File& file) {
  if (!file.has_attribute("/", "signed")) return false;
  const auto value = file.number<std::uint8_t>("/", "signed");
  if (value > 1) throw_damaged(file, fmt::format("attribute signed is {}", value));
  return value == 1;
}

}  // namespace

void write_facts(hdf5::File& file, const DumpFacts& facts) {
  file.set_text("/", "format", kMapFormat);
  file.set_numbers<std::uint16_t>("/", "format_version", {kMapFormatMajor, kMapFormatMinor});
  file.set_text("/", "content_id", facts.content_id);
  file.set_text("/", "model_hash", facts.model_hash);
  file.set_text("/", "dataset_id", facts.dataset_id);
  file.set_text("/", "split", facts.split);
  file.set_text("/", "precision", facts.precision);
  file.set_text("/", "batching", facts.batching);
  file.set_text("/", "queries", facts.queries);
  file.set_text("/", "transform", facts.transform);
  file.set_number("/", "class_count", checked_cast<std::uint32_t>(facts.class_count));
  file.set_number("/", "head_total", checked_cast<std::uint32_t>(facts.head_total));
  file.set_number("/", "layer_total", checked_cast<std::uint32_t>(facts.layer_total));
  file.set_number("/", "stride", checked_cast<std::uint32_t>(facts.stride));
  file.set_numbers("/", "layers", facts.layers);
  file.set_numbers("/", "heads", facts.heads);
  file.set_number("/", "sum_min", facts.sum_min);
  file.set_number("/", "sum_max", facts.sum_max);
  if (facts.is_signed) file.set_number("/", "signed", std::uint8_t{1});
}

DumpFacts read_facts(const hdf5::File& file) {
  check_format(file);
  DumpFacts facts;
  facts.content_id = file.text("/", "content_id");
  if (file.has_attribute("/", "plan_id")) facts.plan_id = file.text("/", "plan_id");
  facts.model_hash = file.text("/", "model_hash");
  facts.dataset_id = file.text("/", "dataset_id");
  facts.split = file.text("/", "split");
  facts.precision = file.text("/", "precision");
  facts.batching = file.text("/", "batching");
  facts.queries = file.text("/", "queries");
  facts.transform = file.text("/", "transform");
  facts.class_count = positive(file, "class_count");
  facts.head_total = positive(file, "head_total");
  facts.layer_total = positive(file, "layer_total");
  facts.stride = positive(file, "stride");
  facts.layers = file.numbers<std::int32_t>("/", "layers");
  facts.heads = file.numbers<std::int32_t>("/", "heads");
  facts.sum_min = file.number<float>("/", "sum_min");
  facts.sum_max = file.number<float>("/", "sum_max");
  facts.is_signed = is_signed(file);
  check_numbers(file, "layers", facts.layers, 0, facts.layer_total);
  check_numbers(file, "heads", facts.heads, kHeadMean, facts.head_total);
  facts.complete = file.number<std::uint8_t>("/", "complete") == 1;
  if (!facts.complete) facts.samples_planned = samples_planned(file);
  const auto block = file.numbers<std::int32_t>("/map", "block");
  if (block.size() != 3 || block[0] != facts.num_layers() || block[2] != facts.num_heads() ||
      block[1] < 1 || block[1] > facts.class_count)
    throw_damaged(file, fmt::format("attribute block [{}] of /map does not fit layers and heads",
                                    fmt::join(block, ", ")));
  facts.num_queries = block[1];
  const hdf5::Type type = file.element_type("/map");
  if (type != hdf5::Type::f16 && type != hdf5::Type::f32)
    throw_damaged(file, "/map holds neither half nor single precision");
  facts.type = type == hdf5::Type::f16 ? MapType::f16 : MapType::f32;
  facts.rollout = file.exists(names_of(MapField::kRollout).elements);
  facts.values = file.exists(names_of(MapField::kValue).elements);
  const char* encoder = names_of(MapField::kEncoder).elements;
  if (file.exists(encoder)) {
    facts.encoder_layers = file.numbers<std::int32_t>(encoder, "layers");
    check_numbers(file, "layers", facts.encoder_layers, 0, kMostLayers);
  }
  constexpr std::size_t kMost = 4096;  // products of the counts stay far below 2^63
  if (facts.layers.size() > kMost || facts.heads.size() > kMost ||
      facts.encoder_layers.size() > kMost)
    throw_damaged(file, "lists more than 4096 layers or heads");
  if (facts.is_signed && facts.fields().size() > 1)
    throw_damaged(file, "attribute signed is 1, but there is more than /map");
  for (const MapField field : facts.fields())
    if (file.element_type(names_of(field).elements) != type)
      throw_damaged(file,
                    fmt::format("{} and /map hold different types", names_of(field).elements));
  return facts;
}

std::string facts_difference(const DumpFacts& a, const DumpFacts& b) {
  std::string difference;
  const auto compare = [&](const char* name, const auto& x, const auto& y) {
    if (difference.empty() && x != y) difference = fmt::format("{} ({} and {})", name, x, y);
  };
  compare("signed", a.is_signed, b.is_signed);
  compare("model_hash", a.model_hash, b.model_hash);
  compare("dataset_id", a.dataset_id, b.dataset_id);
  compare("split", a.split, b.split);
  compare("precision", a.precision, b.precision);
  compare("batching", a.batching, b.batching);
  compare("queries", a.queries, b.queries);
  compare("transform", a.transform, b.transform);
  compare("class_count", a.class_count, b.class_count);
  compare("head_total", a.head_total, b.head_total);
  compare("layer_total", a.layer_total, b.layer_total);
  compare("stride", a.stride, b.stride);
  compare("layers", fmt::format("{}", fmt::join(a.layers, ",")),
          fmt::format("{}", fmt::join(b.layers, ",")));
  compare("heads", fmt::format("{}", fmt::join(a.heads, ",")),
          fmt::format("{}", fmt::join(b.heads, ",")));
  compare("stored queries", a.num_queries, b.num_queries);
  compare("rollout", a.rollout, b.rollout);
  compare("values", a.values, b.values);
  compare("encoder layers", fmt::format("{}", fmt::join(a.encoder_layers, ",")),
          fmt::format("{}", fmt::join(b.encoder_layers, ",")));
  compare("dtype", std::string(name_of(a.type)), std::string(name_of(b.type)));
  compare("content_id", a.content_id, b.content_id);
  compare("plan_id", a.plan_id, b.plan_id);
  return difference;
}

}  // namespace intr
