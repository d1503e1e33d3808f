// SPDX-License-Identifier: Apache-2.0
#include "tensor_view.h"

#include <fmt/format.h>

#include <algorithm>

namespace intr {
namespace {

/// Π shape; nothing if it overflows. 0 if any size is 0.
std::optional<std::int64_t> product(const std::vector<std::int64_t>& shape) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::int64_t count = 1;
  for (const std::int64_t size : shape)
    if (__builtin_mul_overflow(count, size, &count)) return {};
  return count;
}

}  // namespace

std::string view_fault(const TensorView& view, std::int64_t numel, std::int64_t most_dimensions) {
  if (view.shape.size() != view.stride.size())
    return fmt::format("{} sizes and {} strides", view.shape.size(), view.stride.size());
  if (static_cast<std::int64_t>(view.shape.size()) > most_dimensions)
    return fmt::format("{} dimensions, at most {}", view.shape.size(), most_dimensions);
  if (view.offset < 0) return fmt::format("it begins at element {}", view.offset);
  for (std::size_t d = 0; d < view.shape.size(); ++d)
    if (view.shape[d] < 0 || view.stride[d] < 0)
      return fmt::format("size {} and stride {} of dimension {}", view.shape[d], view.stride[d], d);
  const std::optional<std::int64_t> count = product(view.shape);
  if (!count) return "its sizes have more elements than a number can count";
  if (*count == 0) return {};
  std::int64_t last = view.offset;
  for (std::size_t d = 0; d < view.shape.size(); ++d) {
    std::int64_t reach = 0;
    if (__builtin_mul_overflow(view.shape[d] - 1, view.stride[d], &reach) ||
        __builtin_add_overflow(last, reach, &last))
      return "its strides reach further than a number can count";
  }
  if (last >= numel) return fmt::format("element {} of a storage of {}", last, numel);
  return {};
}

std::optional<std::int64_t> tensor_bytes(const std::vector<std::int64_t>& shape, DType type) {
  const std::optional<std::int64_t> count = product(shape);
  std::int64_t bytes = 0;
  if (!count || __builtin_mul_overflow(*count, item_size(type), &bytes)) return {};
  return bytes;
}

}  // namespace intr
