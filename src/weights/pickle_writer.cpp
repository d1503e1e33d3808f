// SPDX-License-Identifier: Apache-2.0
#include "pickle_writer.h"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <string_view>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "pickle_constructors.h"
#include "pickle_opcodes.h"

namespace intr {
namespace {

class PickleWriter {
 public:
  explicit PickleWriter(const OutputWeights& weights) : weights_(weights) {}

  std::string write(const Value& top) {
    add(Opcode::kProto);
    out_ += '\x02';
    add_value(top);
    add(Opcode::kStop);
    return std::move(out_);
  }

 private:
  void add(Opcode code) { out_ += static_cast<char>(code); }
  void add_bytes(std::uint64_t number, int count) {
    for (int byte = 0; byte < count; ++byte) out_ += static_cast<char>(number >> (8 * byte));
  }
  void add_integer(std::int64_t number) {
    const auto bits = static_cast<std::uint64_t>(number);
    if (number >= 0 && number <= 0xFF) {
      add(Opcode::kBinInt1);
      add_bytes(bits, 1);
    } else if (number >= 0 && number <= 0xFFFF) {
      add(Opcode::kBinInt2);
      add_bytes(bits, 2);
    } else if (std::in_range<std::int32_t>(number)) {
      add(Opcode::kBinInt);
      add_bytes(bits, 4);
    } else {
      add(Opcode::kLong1);  // LibTorch's reader takes no length but 8
      out_ += '\x08';
      add_bytes(bits, 8);
    }
  }
  void add_real(double number) {
    add(Opcode::kBinFloat);
    const auto bits = std::bit_cast<std::uint64_t>(number);
    for (int byte = 8; byte-- > 0;) out_ += static_cast<char>(bits >> (8 * byte));
  }
  void add_text(std::string_view text) {
    add(Opcode::kBinUnicode);
    add_bytes(checked_cast<std::uint32_t>(text.size()), 4);
    out_ += text;
  }
  void add_global(std::string_view module, std::string_view name) {
    add(Opcode::kGlobal);
    out_ += fmt::format("{}\n{}\n", module, name);
  }
  void add_integers(const std::vector<std::int64_t>& numbers) {
    if (numbers.empty()) return add(Opcode::kEmptyTuple);
    add(Opcode::kMark);
    for (const std::int64_t number : numbers) add_integer(number);
    add(Opcode::kTuple);
  }

  void add_value(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::null:
        return add(Opcode::kNone);
      case Value::Kind::boolean:
        return add(value.as_boolean() ? Opcode::kNewTrue : Opcode::kNewFalse);
      case Value::Kind::integer:
        return add_integer(value.as_integer());
      case Value::Kind::real:
        return add_real(value.as_real());
      case Value::Kind::text:
        return add_text(value.as_text());
      case Value::Kind::list:
        return add_items(value, Opcode::kEmptyList, Opcode::kAppends);
      case Value::Kind::dict:
        return add_items(value, Opcode::kEmptyDict, Opcode::kSetItems);
      case Value::Kind::tuple:
        return add_tuple(value);
      case Value::Kind::tensor:
        return add_tensor(weights_.tensors.at(static_cast<std::size_t>(value.as_integer())));
      default:
        throw InternalError(fmt::format("{} cannot be written", name_of(value.kind())));
    }
  }
  void add_items(const Value& container, Opcode empty, Opcode fill) {
    add(empty);
    if (container.size() == 0) return;
    add(Opcode::kMark);
    container.for_each([&](const Value& key, const Value& item) {
      if (fill == Opcode::kSetItems) add_value(key);
      add_value(item);
    });
    add(fill);
  }
  void add_tuple(const Value& tuple) {
    if (tuple.size() == 0) return add(Opcode::kEmptyTuple);
    add(Opcode::kMark);
    tuple.for_each([&](const Value&, const Value& item) { add_value(item); });
    add(Opcode::kTuple);
  }
  void add_tensor(const OutputTensor& tensor) {
    const OutputStorage& storage = weights_.storages.at(tensor.storage);
    add_global("torch._utils", "_rebuild_tensor_v2");
    add(Opcode::kMark);
    add(Opcode::kMark);
    add_text("storage");
    add_global("torch", storage_class(storage.type));
    add_text(fmt::format("{}", tensor.storage));
    add_text("cpu");
    add_integer(storage.num_values);
    add(Opcode::kTuple);
    add(Opcode::kBinPersId);
    add_integer(tensor.offset);
    add_integers(tensor.shape);
    add_integers(tensor.stride);
    add(Opcode::kNewFalse);  // requires_grad
    add_global("collections", "OrderedDict");
    add(Opcode::kEmptyTuple);
    add(Opcode::kReduce);  // no hooks
    add(Opcode::kTuple);
    add(Opcode::kReduce);
  }

  const OutputWeights& weights_;
  std::string out_;
};

}  // namespace

std::string write_pickle(const Value& top, const OutputWeights& weights) {
  return PickleWriter(weights).write(top);
}

}  // namespace intr
