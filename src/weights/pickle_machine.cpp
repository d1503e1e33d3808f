// SPDX-License-Identifier: Apache-2.0
#include "pickle_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "intr/core/printable.h"
#include "intr/core/utf8.h"
#include "pickle_opcodes.h"

namespace intr {
namespace {

constexpr Value::Node kUnset = std::numeric_limits<Value::Node>::max();
constexpr const char* kDamaged = "the file is damaged or hostile: get it again from its source";
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
             "save it again with torch.save in Python");
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
  fail("this instruction has no place in a weight file");
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
      if (bytes > 8) fail(fmt::format("an integer of {} bytes, at most 8", bytes));
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

void PickleMachine::push(Node node) {
  if (static_cast<std::int64_t>(stack_.size()) >= limits_.stack)
    fail(fmt::format("more than {} values on the stack", limits_.stack));
  stack_.push_back(node);
}

Value::Node PickleMachine::top() const {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back()))
    fail("takes a value that is not there");
  return stack_.back();
}

Value::Node PickleMachine::pop() {
  const Node node = top();
  stack_.pop_back();
  return node;
}

std::span<const Value::Node> PickleMachine::above_mark() const {
  if (marks_.empty()) fail("no MARK before it");
  return std::span(stack_).subspan(marks_.back());
}

void PickleMachine::drop_mark() {
  if (marks_.empty()) fail("no MARK before it");
  stack_.resize(marks_.back());
  marks_.pop_back();
}

void PickleMachine::push_text(std::uint64_t length) {
  if (length > static_cast<std::uint64_t>(limits_.text_bytes))
    fail(fmt::format("a text of {} bytes, at most {}", length, limits_.text_bytes));
  const std::string_view taken = source_->take(length);
  if (!is_utf8(taken)) fail("a text that is not UTF-8");
  push(tree_.add_text(taken));
}

/// Containers and keys cost more memory than the bytes that ask for them, so their numbers are
/// limited while they are made; for_each_leaf would refuse as many afterwards.
Value::Node PickleMachine::new_container(Kind kind, bool ordered) {
  if (++containers_ > limits_.leaves)
    fail(fmt::format("more than {} containers (--max-leaves)", limits_.leaves));
  return tree_.add_container(kind, ordered);
}

void PickleMachine::push_tuple(std::size_t count) {
  std::array<Node, 3> items = {};
  for (std::size_t i = count; i-- > 0;) items.at(i) = pop();
  const Node made = new_container(Kind::tuple);
  for (std::size_t i = 0; i < count; ++i) tree_.append(made, items.at(i));
  check_depth(made);
  push(made);
}

void PickleMachine::append(Node list, std::span<const Node> items) {
  if (tree_.value(list).kind() != Kind::list)
    fail(fmt::format("appends to {}", name_of(tree_.value(list).kind())));
  for (const Node item : items) tree_.append(list, item);
  check_depth(list);
}

void PickleMachine::set_items(Node dict, std::span<const Node> items) {
  if (tree_.value(dict).kind() != Kind::dict)
    fail(fmt::format("sets items of {}", name_of(tree_.value(dict).kind())));
  if (tree_.is_sealed(dict)) fail("sets items of an object that has its state already");
  if (items.size() % 2 != 0) fail("a key without a value");
  keys_ += std::ssize(items) / 2;
  if (keys_ > limits_.leaves) fail(fmt::format("more than {} keys (--max-leaves)", limits_.leaves));
  for (std::size_t i = 0; i < items.size(); i += 2) {
    const Value key = tree_.value(items[i]);
    if (key.kind() != Kind::text && key.kind() != Kind::integer)
      fail(fmt::format("{} as a key", name_of(key.kind())));
    if (!tree_.insert(dict, items[i], items[i + 1]))
      fail(fmt::format("the key {} twice", shown(key).substr(0, 120)));
  }
  check_depth(dict);
}

void PickleMachine::put(std::uint64_t index) {
  const auto gap = static_cast<std::uint64_t>(limits_.memo_gap);
  if (index > static_cast<std::uint64_t>(limits_.memo) || index > memo_entries_ + gap)
    fail(fmt::format("memo index {} with {} entries", index, memo_entries_));
  if (index >= memo_.size()) memo_.resize(index + 1, kUnset);
  if (memo_[index] == kUnset) ++memo_entries_;
  memo_[index] = top();
}

void PickleMachine::get(std::uint64_t index) {
  if (index >= memo_.size() || memo_[index] == kUnset)
    fail(fmt::format("memo index {} was never set", index));
  push(memo_[index]);
}

void PickleMachine::check_depth(Node container) const {
  if (tree_.depth(container) > limits_.nesting)
    fail(fmt::format("containers are nested more than {} deep", limits_.nesting));
}

}  // namespace intr
