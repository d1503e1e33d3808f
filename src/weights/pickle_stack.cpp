// SPDX-License-Identifier: Apache-2.0
// The stack and the memo of the pickle machine, with their limits.
#include <fmt/format.h>

#include <array>
#include <iterator>
#include <limits>

#include "intr/core/printable.h"
#include "intr/core/utf8.h"
#include "pickle_machine.h"

namespace intr {
namespace {

constexpr Value::Node kUnset = std::numeric_limits<Value::Node>::max();

}  // namespace

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
      fail(fmt::format("{} as a key", name_of(key.kind())), kPlainAdvice);
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
