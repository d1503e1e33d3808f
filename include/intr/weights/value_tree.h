// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "intr/weights/weight_limits.h"

namespace intr {

class ValueTree;

/// A value of a weight file, beside or around its tensors: data, never code. Points into a
/// ValueTree, which outlives it.
class Value {
 public:
  /// The last three stand for things that only exist while a pickle is read: a name on the list of
  /// known constructors, the bytes of a tensor, an object that waits for its state.
  enum class Kind : std::uint8_t {
    null,
    boolean,
    integer,
    real,
    text,
    list,
    tuple,
    dict,
    tensor,
    constructor,
    storage,
    object
  };
  using Node = std::uint32_t;

  Value(const ValueTree& tree, Node node) noexcept : tree_(&tree), node_(node) {}
  Node node() const noexcept { return node_; }
  const ValueTree& tree() const noexcept { return *tree_; }
  Kind kind() const;
  bool is_container() const;
  bool as_boolean() const;
  /// Of an integer; also the number of a tensor in the order in which the file made them.
  std::int64_t as_integer() const;
  double as_real() const;
  std::string_view as_text() const;
  /// Items of a container.
  std::size_t size() const;
  /// Calls visit(key, item) for each item in order. Lists and tuples give the null value as key.
  void for_each(const std::function<void(const Value& key, const Value& item)>& visit) const;
  /// The item of a dict with this key: a text, or an integer as digits.
  std::optional<Value> find(std::string_view key) const;

 private:
  const ValueTree* tree_;
  Node node_;
};

/// "a list", "a text", … for messages.
std::string_view name_of(Value::Kind kind);
/// A plain value for people: None, True, 12, 0.5, "text".
std::string shown(const Value& value);

/// Holds values compactly: 16 bytes a value, 12 a container's item, texts end to end. A container
/// may stand in several places. Destroyed without recursion however deep it is.
class ValueTree {
 public:
  using Node = Value::Node;
  using Kind = Value::Kind;

  /// Node 0 is the null value.
  ValueTree();
  ValueTree(ValueTree&&) noexcept;
  ValueTree& operator=(ValueTree&&) noexcept;
  ~ValueTree();

  /// A null, a truth value (0 or 1), an integer, or what a number stands for: tensor, constructor,
  /// storage.
  Node add(Kind kind, std::int64_t number = 0);
  Node add_real(double number);
  Node add_text(std::string_view text);
  /// An empty list, tuple, dict or object. @param ordered says that it was a
  /// collections.OrderedDict
  Node add_container(Kind kind, bool ordered = false);
  /// Appends to a list or tuple.
  void append(Node container, Node item);
  /// Adds to a dict. @return false if it has the key already
  bool insert(Node dict, Node key, Node item);
  /// Makes an object the dict that holds what `state` holds.
  void become(Node object, Node state);

  Value value(Node node) const { return {*this, node}; }
  /// A place among the items of a container.
  struct Cursor {
    std::uint32_t next = 0;
    std::uint32_t left = 0;
  };
  Cursor items(Node container) const;
  /// Takes the next item. Lists and tuples give the null value, node 0, as key.
  std::pair<Value, Value> take(Cursor& cursor) const;

  bool is_ordered(Node node) const;
  /// Whether it became what it is: it shares the items of a state and takes no more.
  bool is_sealed(Node node) const;
  /// 1 for an empty container, one more than its deepest item's otherwise. Exact unless containers
  /// change after they were put into others.
  std::int64_t depth(Node node) const;

 private:
  friend class Value;
  struct Record;
  struct Item;
  struct Store;
  const Record& record(Node node) const;
  void link(Node container, Node key, Node item);
  std::unique_ptr<Store> store_;
};

/// Walks from `root` to every plain value and tensor, in order. A value that stands in several
/// places is visited at each.
/// @param visit gets the keys from the root joined by "/", and the value
/// @throws DataError naming `where` if there are more values, more bytes of names or deeper nesting
/// than the limits allow, a container inside itself, or something that is no value
void for_each_leaf(const Value& root, const WeightLimits& limits, const std::string& where,
                   const std::function<void(const std::string& path, const Value& leaf)>& visit);

}  // namespace intr
