// SPDX-License-Identifier: Apache-2.0
#include "pth_contents.h"

#include <fmt/format.h>

#include <limits>

#include "intr/core/error.h"

namespace intr {

void take_pickled(const PickleMachine& machine, Value::Node top, const WeightLimits& limits,
                  const std::string& where, WeightContents& contents) {
  for (const PickleStorage& storage : machine.storages()) {
    const auto bytes = static_cast<std::uint64_t>(storage.numel * item_size(storage.type));
    contents.storages.push_back({.name = storage.key, .begin = 0, .bytes = bytes});
  }
  std::int64_t name_bytes = 0;
  for_each_leaf(
      contents.tree.value(top), limits, where, [&](const std::string& path, const Value& leaf) {
        if (leaf.kind() != Value::Kind::tensor) return;
        if (static_cast<std::int64_t>(contents.entries.size()) >= limits.tensors)
          throw DataError(fmt::format("more than {} tensors (--max-tensors)", limits.tensors),
                          where);
        name_bytes += std::ssize(path);
        if (name_bytes > limits.name_bytes)
          throw DataError(
              fmt::format("the names of its tensors need more than {} bytes", limits.name_bytes),
              where, "no honest weight file looks like this: get it from its source");
        const TensorView& view = machine.tensors().at(static_cast<std::size_t>(leaf.as_integer()));
        const DType type = machine.storages().at(view.storage).type;
        const auto bytes = tensor_bytes(view.shape, type);
        contents.entries.push_back({.name = path,
                                    .type = type,
                                    .type_name = name_of(type),
                                    .shape = view.shape,
                                    .stride = view.stride,
                                    .offset = view.offset,
                                    .storage = view.storage,
                                    .bytes = bytes ? static_cast<std::uint64_t>(*bytes)
                                                   : std::numeric_limits<std::uint64_t>::max()});
      });
  contents.top = top;
  contents.report.constructors.assign(machine.constructors().begin(), machine.constructors().end());
  contents.report.opcodes = machine.opcodes();
  if (machine.attributes() > 0)
    contents.report.notes.push_back(
        fmt::format("{} ordered dicts have attributes (module versions), which are not used",
                    machine.attributes()));
}

}  // namespace intr
