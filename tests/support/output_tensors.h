// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "intr/weights/output_weights.h"
#include "intr/weights/pth_writer.h"
#include "intr/weights/value_tree.h"

namespace intr::test {

/// A function that fills a storage with these values.
template <class T>
std::function<void(std::span<std::byte>)> filler(std::vector<T> values) {
  return [values = std::move(values)](std::span<std::byte> out) {
    std::memcpy(out.data(), values.data(), out.size());
  };
}

/// Adds a tensor of these values. @return its number
template <class T>
std::size_t add_tensor(OutputWeights& weights, const std::string& name,
                       const std::vector<std::int64_t>& shape, std::vector<T> values,
                       DType type = dtype_of<T>()) {
  return weights.add(name, type, shape, filler(std::move(values)));
}

/// Adds to a dict under a text.
inline void put(ValueTree& tree, Value::Node dict, std::string_view key, Value::Node item) {
  if (!tree.insert(dict, tree.add_text(key), item))
    throw std::invalid_argument("two items of one key");
}

/// The plain dict {name: tensor} of all tensors.
inline Value::Node tensor_dict(ValueTree& tree, const OutputWeights& weights) {
  const Value::Node dict = tree.add_container(Value::Kind::dict);
  for (std::size_t i = 0; i < weights.tensors.size(); ++i)
    put(tree, dict, weights.tensors[i].name,
        tree.add(Value::Kind::tensor, static_cast<std::int64_t>(i)));
  return dict;
}

/// Writes the file that torch.save({"model": {name: tensor, …}}) would write.
inline void write_state_dict(const std::string& path, const OutputWeights& weights) {
  ValueTree tree;
  const Value::Node top = tree.add_container(Value::Kind::dict);
  put(tree, top, "model", tensor_dict(tree, weights));
  write_pth(path, weights, tree.value(top));
}

}  // namespace intr::test
