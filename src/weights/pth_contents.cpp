// SPDX-License-Identifier: Apache-2.0
#include "pth_contents.h"

#include <fmt/format.h>

#include <limits>

#include "intr/core/error.h"

namespace intr {

void check_budget(const std::vector<TensorEntry>& entries, const WeightLimits& limits,
                  const std::string& where) {
  std::uint64_t sum = 0;
  for (const TensorEntry& entry : entries)
    if (__builtin_add_overflow(sum, entry.bytes, &sum))
      sum = std::numeric_limits<std::uint64_t>::max();
  if (sum <= static_cast<std::uint64_t>(limits.tensor_bytes)) return;
  constexpr double kGib = 1 << 30;
  throw DataError(
      fmt::format("tensors need {:.1f} GiB, the limit is {:.1f} GiB",
                  static_cast<double>(sum) / kGib, static_cast<double>(limits.tensor_bytes) / kGib),
      where, fmt::format("if you trust it, raise --max-bytes to {}", sum));
}

void take_pickled(const PickleMachine& machine, Value::Node top, const WeightLimits& limits,
                  const std::string& where, WeightContents& contents) {
  for (const PickleStorage& storage : machine.storages()) {
    const auto bytes = static_cast<std::uint64_t>(storage.numel * item_size(storage.type));
    contents.storages.push_back({.name = storage.key, .begin = 0, .bytes = bytes});
  }
  for_each_leaf(
      contents.tree.value(top), limits, where, [&](const std::string& path, const Value& leaf) {
        if (leaf.kind() != Value::Kind::tensor) return;
        if (static_cast<std::int64_t>(contents.entries.size()) >= limits.tensors)
          throw DataError(fmt::format("more than {} tensors (--max-tensors)", limits.tensors),
                          where);
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
