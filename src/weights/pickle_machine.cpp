// SPDX-License-Identifier: Apache-2.0
#include "pickle_machine.h"

#include <fmt/format.h>

#include <bit>

#include "file_advice.h"
#include "pickle_opcodes.h"

namespace intr {
namespace {

constexpr int kOldestProtocol = 2, kNewestProtocol = 4;

/// A signed number of up to 8 little-endian bytes.
std::int64_t signed_number(std::uint64_t bits, int bytes) {
  if (bytes == 0) return 0;
  const int unused = 64 - 8 * bytes;
  return static_cast<std::int64_t>(bits << unused) >> unused;
}

}  // namespace

PickleMachine::PickleMachine(ValueTree& tree, const WeightLimits& limits, Form form)
    : tree_(tree),
      limits_(limits),
      form_(form),
      true_(tree.add(Kind::boolean, 1)),
      false_(tree.add(Kind::boolean, 0)) {
  for (std::int64_t i = 0; i < 256; ++i) small_integers_.push_back(tree.add(Kind::integer, i));
}

void PickleMachine::fail(const std::string& what, const std::string& next) const {
  source_->fail(opcode_at_, fmt::format("{}: {}", opcode_name(opcode_), what),
                next.empty() ? kDamaged : next);
}

Value::Node PickleMachine::run(PickleSource& source) {
  source_ = &source;
  stack_.clear();
  marks_.clear();
  memo_.clear();
  memo_entries_ = 0;
  if (source.at_end()) source.fail(source.position(), "no pickle where one begins", kDamaged);
  while (step()) {
  }
  if (!marks_.empty() || stack_.size() != 1)
    fail(fmt::format("{} values are left where one belongs", stack_.size()));
  return stack_.back();
}

/// One instruction. @return false after STOP
bool PickleMachine::step() {
  opcode_at_ = source_->position();
  opcode_ = source_->byte();
  if (++opcodes_ > limits_.opcodes)
    fail(fmt::format("more than {} instructions (--max-opcodes)", limits_.opcodes));
  switch (static_cast<Opcode>(opcode_)) {
    case Opcode::kStop:
      return false;
    case Opcode::kProto:
      if (const int version = source_->byte();
          version < kOldestProtocol || version > kNewestProtocol)
        fail(fmt::format("pickle protocol {}, this reader knows 2 to 4", version),
             "save it again in Python without naming a pickle_protocol");
      return true;
    case Opcode::kFrame:
      source_->take(8);
      return true;
    case Opcode::kPop:
      if (!marks_.empty() && stack_.size() == marks_.back())
        marks_.pop_back();
      else
        pop();
      return true;
    default:
      break;
  }
  if (step_number(opcode_) || step_text(opcode_) || step_container(opcode_) || step_memo(opcode_) ||
      step_call(opcode_))
    return true;
  // Sets, bytes and long integers come from honest Python; INST, EXT1 and their like do not.
  const std::string name = opcode_name(opcode_);
  const bool plain = name.find("SET") != std::string::npos ||
                     name.find("BYTES") != std::string::npos || name == "LONG4";
  fail("this instruction has no place in a weight file", plain ? kPlainAdvice : "");
}

bool PickleMachine::step_number(std::uint8_t opcode) {
  switch (static_cast<Opcode>(opcode)) {
    case Opcode::kNone:
      push(0);
      return true;
    case Opcode::kNewTrue:
      push(true_);
      return true;
    case Opcode::kNewFalse:
      push(false_);
      return true;
    case Opcode::kBinInt1:
      push(small_integers_[source_->byte()]);
      return true;
    case Opcode::kBinInt2:
      push(tree_.add(Kind::integer, static_cast<std::int64_t>(source_->number(2))));
      return true;
    case Opcode::kBinInt:
      push(tree_.add(Kind::integer, signed_number(source_->number(4), 4)));
      return true;
    case Opcode::kLong1: {
      const int bytes = source_->byte();
      if (bytes > 8) fail(fmt::format("an integer of {} bytes, at most 8", bytes), kPlainAdvice);
      push(tree_.add(Kind::integer, signed_number(source_->number(bytes), bytes)));
      return true;
    }
    case Opcode::kBinFloat:
      push(tree_.add_real(std::bit_cast<double>(__builtin_bswap64(source_->number(8)))));
      return true;
    default:
      return false;
  }
}

bool PickleMachine::step_text(std::uint8_t opcode) {
  switch (static_cast<Opcode>(opcode)) {
    case Opcode::kShortBinUnicode:
    case Opcode::kShortBinString:
      push_text(source_->number(1));
      return true;
    case Opcode::kBinUnicode:
    case Opcode::kBinString:
      push_text(source_->number(4));
      return true;
    case Opcode::kBinUnicode8:
      push_text(source_->number(8));
      return true;
    default:
      return false;
  }
}

bool PickleMachine::step_container(std::uint8_t opcode) {
  switch (static_cast<Opcode>(opcode)) {
    case Opcode::kMark:
      if (static_cast<std::int64_t>(marks_.size()) >= limits_.marks)
        fail(fmt::format("more than {} marks", limits_.marks));
      marks_.push_back(stack_.size());
      return true;
    case Opcode::kPopMark:
      drop_mark();
      return true;
    case Opcode::kEmptyList:
      push(new_container(Kind::list));
      return true;
    case Opcode::kEmptyDict:
      push(new_container(Kind::dict));
      return true;
    case Opcode::kEmptyTuple:
      push(new_container(Kind::tuple));
      return true;
    case Opcode::kTuple1:
      push_tuple(1);
      return true;
    case Opcode::kTuple2:
      push_tuple(2);
      return true;
    case Opcode::kTuple3:
      push_tuple(3);
      return true;
    case Opcode::kTuple:
    case Opcode::kList: {
      const Node made =
          new_container(static_cast<Opcode>(opcode) == Opcode::kTuple ? Kind::tuple : Kind::list);
      for (const Node item : above_mark()) tree_.append(made, item);
      check_depth(made);
      drop_mark();
      push(made);
      return true;
    }
    case Opcode::kDict: {
      const Node made = new_container(Kind::dict);
      set_items(made, above_mark());
      drop_mark();
      push(made);
      return true;
    }
    case Opcode::kAppend: {
      const Node item = pop();
      append(top(), {&item, 1});
      return true;
    }
    case Opcode::kAppends: {
      const std::vector<Node> items(above_mark().begin(), above_mark().end());
      drop_mark();
      append(top(), items);
      return true;
    }
    case Opcode::kSetItem: {
      const Node item = pop();
      const std::vector<Node> pair = {pop(), item};
      set_items(top(), pair);
      return true;
    }
    case Opcode::kSetItems: {
      const std::vector<Node> items(above_mark().begin(), above_mark().end());
      drop_mark();
      set_items(top(), items);
      return true;
    }
    default:
      return false;
  }
}

bool PickleMachine::step_memo(std::uint8_t opcode) {
  switch (static_cast<Opcode>(opcode)) {
    case Opcode::kBinPut:
      put(source_->number(1));
      return true;
    case Opcode::kLongBinPut:
      put(source_->number(4));
      return true;
    case Opcode::kMemoize:
      put(memo_entries_);
      return true;
    case Opcode::kBinGet:
      get(source_->number(1));
      return true;
    case Opcode::kLongBinGet:
      get(source_->number(4));
      return true;
    default:
      return false;
  }
}

bool PickleMachine::step_call(std::uint8_t opcode) {
  switch (static_cast<Opcode>(opcode)) {
    case Opcode::kGlobal: {
      const std::string module = source_->line(limits_.text_bytes);
      push_constructor(module, source_->line(limits_.text_bytes));
      return true;
    }
    case Opcode::kStackGlobal: {
      const std::string_view name = text(pop(), "a name");
      const std::string_view module = text(pop(), "a module's name");
      push_constructor(std::string(module), std::string(name));
      return true;
    }
    case Opcode::kReduce:
      reduce();
      return true;
    case Opcode::kNewObj:
      new_object();
      return true;
    case Opcode::kBuild:
      build();
      return true;
    case Opcode::kBinPersId:
      load_storage();
      return true;
    default:
      return false;
  }
}

}  // namespace intr
