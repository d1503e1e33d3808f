// SPDX-License-Identifier: Apache-2.0
#include "export_values.h"

#include <fmt/format.h>

#include "intr/core/error.h"
#include "tree_building.h"

namespace intr {
namespace {

using Kind = Value::Kind;

std::string shown_key(const Value& key, std::size_t number) {
  if (key.kind() == Kind::text) return std::string(key.as_text());
  if (key.kind() == Kind::integer) return fmt::format("{}", key.as_integer());
  return fmt::format("{}", number);
}

Value::Node copy_plain(ValueTree& tree, const Value& value) {
  switch (value.kind()) {
    case Kind::boolean:
      return tree.add(Kind::boolean, value.as_boolean() ? 1 : 0);
    case Kind::integer:
      return tree.add(Kind::integer, value.as_integer());
    case Kind::real:
      return tree.add_real(value.as_real());
    case Kind::text:
      return tree.add_text(value.as_text());
    case Kind::null:
      return tree.add(Kind::null);
    default:
      throw InternalError(fmt::format("{} cannot be copied", name_of(value.kind())));
  }
}

bool lies_below(const std::string& name, const std::string& path) {
  return path.empty() || name == path ||
         (name.size() > path.size() && name.starts_with(path) && name[path.size()] == '/');
}

}  // namespace

ExportValues::ExportValues(const WeightFile& file, ExportPlan& plan, ExportTensors& tensors,
                           DropPatterns& patterns)
    : file_(file), plan_(plan), tensors_(tensors), patterns_(patterns) {}

void ExportValues::announce(const std::string& path) {
  for (std::size_t i = 0; i < file_.entries().size(); ++i) {
    const std::string& name = file_.entries()[i].name;
    if (lies_below(name, path) && !patterns_.drops(name)) tensors_.announce(i);
  }
}

Value::Node ExportValues::copy(const Value& value, const std::string& path,
                               std::optional<DType> type) {
  return copy_any(value, path, path.empty(), type);
}

Value::Node ExportValues::copy_any(const Value& value, const std::string& path, bool is_top,
                                   std::optional<DType> type) {
  if (value.is_container()) return copy_container(value, path, is_top, type);
  if (value.kind() != Kind::tensor) return copy_plain(plan_.tree, value);
  const auto number = static_cast<std::size_t>(&file_.entry(path) - file_.entries().data());
  return tensor_node(
      plan_.tree, tensors_.add(path, number, path.starts_with("optimizer/") ? std::nullopt : type));
}

/// As deep as the limits of the reader let containers be nested.
Value::Node ExportValues::copy_container(const Value& value, const std::string& path, bool is_top,
                                         std::optional<DType> type) {
  const Value::Node container = plan_.tree.add_container(value.kind());
  std::size_t number = 0;
  value.for_each([&](const Value& key, const Value& item) {
    const std::string below = is_top ? shown_key(key, number) : path + "/" + shown_key(key, number);
    ++number;
    if (patterns_.drops(below)) {
      plan_.left_out.push_back({below, "--drop"});
      return;
    }
    const Value::Node copied = copy_any(item, below, false, type);
    if (value.kind() == Kind::dict)
      plan_.tree.insert(container, copy_plain(plan_.tree, key), copied);
    else
      plan_.tree.append(container, copied);
  });
  return container;
}

}  // namespace intr
