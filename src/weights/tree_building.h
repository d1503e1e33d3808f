// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "intr/weights/value_tree.h"

namespace intr {

/// Adds an item to a dict under a text. @throws InternalError if the dict has that key
void put(ValueTree& tree, Value::Node dict, std::string_view key, Value::Node item);

/// A tensor by its number.
Value::Node tensor_node(ValueTree& tree, std::size_t number);

}  // namespace intr
