// SPDX-License-Identifier: Apache-2.0
#include "tree_building.h"

#include "intr/core/error.h"

namespace intr {

void put(ValueTree& tree, Value::Node dict, std::string_view key, Value::Node item) {
  if (!tree.insert(dict, tree.add_text(key), item))
    throw InternalError("two items of one key", key);
}

Value::Node tensor_node(ValueTree& tree, std::size_t number) {
  return tree.add(Value::Kind::tensor, static_cast<std::int64_t>(number));
}

}  // namespace intr
