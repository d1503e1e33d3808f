// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_format.h"

#include <fmt/format.h>

#include "intr/core/error.h"

namespace intr {

std::int64_t bytes_of(MapType type) noexcept { return type == MapType::f16 ? 2 : 4; }

const char* name_of(MapType type) noexcept { return type == MapType::f16 ? "f16" : "f32"; }

MapType map_type_of(std::string_view name) {
  if (name == "f16") return MapType::f16;
  if (name == "f32") return MapType::f32;
  throw UsageError(fmt::format("'{}' is none of: f16, f32", name), "--dtype");
}

double sum_tolerance(MapType type) noexcept { return type == MapType::f16 ? 2e-3 : 1e-4; }

const FieldNames& names_of(MapField field) noexcept {
  static constexpr std::array<FieldNames, kMapFields.size()> kNames = {
      {{"/map", "/start", "/block_hash"},
       {"/rollout", "/rollout_start", "/rollout_hash"},
       {"/value", "/value_start", "/value_hash"},
       {"/encoder", "/encoder_start", "/encoder_hash"}}};
  return kNames[static_cast<std::size_t>(field)];
}

std::vector<MapField> DumpFacts::fields() const {
  std::vector<MapField> stored = {MapField::kMap};
  if (rollout) stored.push_back(MapField::kRollout);
  if (values) stored.push_back(MapField::kValue);
  if (!encoder_layers.empty()) stored.push_back(MapField::kEncoder);
  return stored;
}

std::int64_t DumpFacts::elements(MapField field, ImageSize grid) const noexcept {
  const std::int64_t cells = grid.area();
  switch (field) {
    case MapField::kMap:
      return num_layers() * num_queries * num_heads() * cells;
    case MapField::kRollout:
      return rollout ? num_layers() * num_queries * num_heads() * cells : 0;
    case MapField::kValue:
      return values ? num_layers() * num_heads() * cells : 0;
    case MapField::kEncoder:
      return static_cast<std::int64_t>(encoder_layers.size()) * cells * cells;
  }
  return 0;
}

std::uint64_t DumpFacts::bytes_of_sample(ImageSize grid) const noexcept {
  std::int64_t all = 0;
  for (const MapField field : kMapFields) all += elements(field, grid);
  return static_cast<std::uint64_t>(all * bytes_of(type));
}

std::string piece_file_name(std::int64_t number) { return fmt::format("piece-{:05}.h5", number); }

}  // namespace intr
