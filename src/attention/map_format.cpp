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

std::string piece_file_name(std::int64_t number) { return fmt::format("piece-{:05}.h5", number); }

}  // namespace intr
