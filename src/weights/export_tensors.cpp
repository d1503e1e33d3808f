// SPDX-License-Identifier: Apache-2.0
#include "export_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "value_conversion.h"
#include "view_copy.h"

namespace intr {
namespace {

using Fill = std::function<void(std::span<std::byte>)>;

/// The same values as another type.
Fill converted(Fill read, std::int64_t num_values, DType from, DType to) {
  if (from == to) return read;
  return [read = std::move(read), num_values, from, to](std::span<std::byte> out) {
    std::vector<std::byte> stored(static_cast<std::size_t>(num_values * item_size(from)));
    read(stored);
    convert_values(stored, from, out, to);
  };
}

/// Some elements of a storage as a tensor.
TensorEntry range_of(const TensorEntry& entry, std::int64_t first, std::int64_t end) {
  return {.name = entry.name,
          .type = entry.type,
          .type_name = entry.type_name,
          .shape = {end - first},
          .stride = {1},
          .offset = first,
          .storage = entry.storage,
          .bytes = static_cast<std::uint64_t>((end - first) * item_size(entry.type))};
}

}  // namespace

ExportTensors::ExportTensors(const WeightFile& file, ExportPlan& plan, bool keep_aliases)
    : file_(file), plan_(plan), keep_aliases_(keep_aliases) {}

void ExportTensors::announce(std::size_t entry) {
  const TensorEntry& tensor = file_.entries()[entry];
  if (!keep_aliases_ || tensor.num_values() == 0) return;
  const std::int64_t end = tensor.offset + view_extent(tensor.shape, tensor.stride);
  Shared& shared = shared_.emplace(tensor.storage, Shared{.first = tensor.offset}).first->second;
  ++shared.users;
  shared.first = std::min(shared.first, tensor.offset);
  shared.end = std::max(shared.end, end);
}

/// The type to write.
DType ExportTensors::wanted(DType stored, std::optional<DType> type) {
  if (!type || !is_floating(stored) || *type == stored) return stored;
  ++plan_.converted;
  return *type;
}

std::size_t ExportTensors::add(const std::string& name, std::size_t entry,
                               std::optional<DType> type) {
  const TensorEntry& tensor = file_.entries()[entry];
  if (tensor.type == DType::other)
    throw DataError(fmt::format("tensor {} is of the type {}, which cannot be written",
                                quoted_name(tensor.name), tensor.type_name),
                    file_.path(), "leave it out with --drop");
  const DType to = wanted(tensor.type, type);
  const auto shared = shared_.find(tensor.storage);
  if (shared != shared_.end() && shared->second.users > 1 && tensor.num_values() > 0)
    return add_view(name, tensor, shared->second, to);
  const Fill read = [file = &file_, &tensor](std::span<std::byte> out) { file->read(tensor, out); };
  return plan_.weights.add(name, to, tensor.shape,
                           converted(read, tensor.num_values(), tensor.type, to));
}

std::size_t ExportTensors::add_view(const std::string& name, const TensorEntry& entry,
                                    Shared& shared, DType type) {
  if (!shared.output) {
    shared.output = plan_.weights.storages.size();
    const TensorEntry range = range_of(entry, shared.first, shared.end);
    const Fill read = [file = &file_, range](std::span<std::byte> out) { file->read(range, out); };
    plan_.weights.storages.push_back({.type = type,
                                      .num_values = range.shape[0],
                                      .fill = converted(read, range.shape[0], entry.type, type)});
  }
  plan_.weights.tensors.push_back({.name = name,
                                   .storage = *shared.output,
                                   .shape = entry.shape,
                                   .stride = entry.stride,
                                   .offset = entry.offset - shared.first});
  return plan_.weights.tensors.size() - 1;
}

std::size_t ExportTensors::add(const std::string& name, const NamedTensor& tensor,
                               std::optional<DType> type) {
  if (tensor.parts.size() == 1) return add(name, tensor.parts[0], type);
  const std::int64_t rows = tensor.shape.empty() ? 1 : tensor.shape[0];
  return add_rows(name, tensor, 0, rows, type);
}

std::size_t ExportTensors::add_rows(const std::string& name, const NamedTensor& tensor,
                                    std::int64_t first_row, std::int64_t num_rows,
                                    std::optional<DType> type) {
  const DType to = wanted(tensor.type, type);
  std::vector<std::int64_t> shape = tensor.shape;
  shape.at(0) = 1;
  const std::int64_t row_values =
      std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  shape[0] = num_rows;
  const Fill read = [file = &file_, tensor, first_row, row_values](std::span<std::byte> out) {
    std::vector<std::byte> all(tensor.bytes());
    intr::read(*file, tensor, all);
    const auto first = static_cast<std::size_t>(first_row * row_values * item_size(tensor.type));
    std::ranges::copy(std::span(all).subspan(first, out.size()), out.begin());
  };
  return plan_.weights.add(name, to, shape,
                           converted(read, num_rows * row_values, tensor.type, to));
}

}  // namespace intr
