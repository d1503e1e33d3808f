// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/output_weights.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "intr/core/error.h"
#include "view_copy.h"

namespace intr {

std::uint64_t OutputStorage::bytes() const noexcept {
  return static_cast<std::uint64_t>(num_values * item_size(type));
}

std::int64_t OutputTensor::num_values() const noexcept {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

bool OutputTensor::is_row_major() const noexcept {
  return TensorEntry{.name = {}, .type_name = {}, .shape = shape, .stride = stride}.is_row_major();
}

std::size_t OutputWeights::add(std::string name, DType type, const std::vector<std::int64_t>& shape,
                               std::function<void(std::span<std::byte>)> fill) {
  OutputTensor tensor{.name = std::move(name),
                      .storage = storages.size(),
                      .shape = shape,
                      .stride = row_major_stride(shape)};
  storages.push_back({.type = type, .num_values = tensor.num_values(), .fill = std::move(fill)});
  tensors.push_back(std::move(tensor));
  return tensors.size() - 1;
}

std::uint64_t OutputWeights::bytes(const OutputTensor& tensor) const {
  return static_cast<std::uint64_t>(tensor.num_values() * item_size(type(tensor)));
}

bool OutputWeights::is_whole(const OutputTensor& tensor) const {
  return tensor.offset == 0 && tensor.is_row_major() &&
         tensor.num_values() == storages[tensor.storage].num_values;
}

std::vector<std::byte> values_of(const OutputStorage& storage) {
  if (storage.type == DType::other) throw InternalError("a storage of no type that can be written");
  std::vector<std::byte> bytes(storage.bytes());
  if (!bytes.empty()) storage.fill(bytes);
  return bytes;
}

std::vector<std::byte> values_of(const OutputWeights& weights, const OutputTensor& tensor,
                                 std::span<const std::byte> storage) {
  const auto item = static_cast<std::size_t>(item_size(weights.type(tensor)));
  const auto first = static_cast<std::size_t>(tensor.offset) * item;
  std::vector<std::byte> bytes(weights.bytes(tensor));
  if (bytes.empty()) return bytes;
  if (tensor.is_row_major())
    std::ranges::copy(storage.subspan(first, bytes.size()), bytes.begin());
  else
    copy_view(storage.subspan(first), tensor.shape, tensor.stride, item, bytes);
  return bytes;
}

}  // namespace intr
