// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/value_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <random>
#include <unordered_set>
#include <utility>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/printable.h"

namespace intr {
namespace {

using Node = Value::Node;
constexpr Node kNone = std::numeric_limits<Node>::max();

}  // namespace

struct ValueTree::Record {
  struct Range {
    std::uint32_t first, last;
  };
  Kind kind = Kind::null;
  bool ordered : 1 = false;
  bool sealed : 1 = false;
  std::uint16_t depth = 0;
  std::uint32_t count = 0;  ///< items of a container, bytes of a text
  union {
    std::int64_t number = 0;
    double real;
    Range items;           ///< first and last item of a container
    std::uint32_t offset;  ///< of a text in the pool
  };
};

struct ValueTree::Item {
  Node key, value;
  std::uint32_t next;
};

/// Arrays that grow without being copied, and the keys of all dicts together.
struct ValueTree::Store {
  struct Key {
    Node dict, key;
  };
  struct KeyHash {
    const Store* store;
    std::size_t operator()(const Key& key) const {
      const Record& record = store->records[key.key];
      const std::uint64_t content = record.kind == Kind::text
                                        ? xxh3_64(store->text(record))
                                        : static_cast<std::uint64_t>(record.number);
      return mixed(content ^ std::uint64_t{key.dict} << 32 ^ store->seed);
    }
  };
  /// The last step of MurmurHash3.
  static std::uint64_t mixed(std::uint64_t bits) {
    bits = (bits ^ bits >> 33) * 0xFF51AFD7ED558CCDU;
    bits = (bits ^ bits >> 33) * 0xC4CEB9FE1A85EC53U;
    return bits ^ bits >> 33;
  }
  struct KeyEqual {
    const Store* store;
    bool operator()(const Key& a, const Key& b) const {
      if (a.dict != b.dict) return false;
      const Record& x = store->records[a.key];
      const Record& y = store->records[b.key];
      if (x.kind != y.kind) return false;
      return x.kind == Kind::text ? store->text(x) == store->text(y) : x.number == y.number;
    }
  };

  std::string_view text(const Record& record) const {
    return std::string_view(texts).substr(record.offset, record.count);
  }

  static_assert(sizeof(Record) == 16 && sizeof(Item) == 12, "the memory bound counts on it");
  std::deque<Record> records;
  std::deque<Item> items;
  std::string texts;
  std::uint64_t seed = std::random_device()();  ///< no file may know which keys collide
  std::unordered_set<Key, KeyHash, KeyEqual> keys{16, KeyHash{this}, KeyEqual{this}};
};

ValueTree::ValueTree() : store_(std::make_unique<Store>()) { add(Kind::null); }
ValueTree::ValueTree(ValueTree&&) noexcept = default;
ValueTree& ValueTree::operator=(ValueTree&&) noexcept = default;
ValueTree::~ValueTree() = default;

const ValueTree::Record& ValueTree::record(Node node) const { return store_->records.at(node); }

Node ValueTree::add(Kind kind, std::int64_t number) {
  Record record;
  record.kind = kind;
  record.number = number;
  store_->records.push_back(record);
  return checked_cast<Node>(store_->records.size() - 1);
}

Node ValueTree::add_real(double number) {
  const Node node = add(Kind::real);
  store_->records[node].real = number;
  return node;
}

Node ValueTree::add_text(std::string_view text) {
  const Node node = add(Kind::text);
  Record& record = store_->records[node];
  record.offset = checked_cast<std::uint32_t>(store_->texts.size());
  record.count = checked_cast<std::uint32_t>(text.size());
  store_->texts += text;
  return node;
}

Node ValueTree::add_container(Kind kind, bool ordered) {
  const Node node = add(kind);
  Record& record = store_->records[node];
  record.ordered = ordered;
  record.depth = 1;
  record.items = {kNone, kNone};
  return node;
}

void ValueTree::link(Node container, Node key, Node item) {
  Record& record = store_->records.at(container);
  const auto added = checked_cast<std::uint32_t>(store_->items.size());
  store_->items.push_back({key, item, kNone});
  if (record.count == 0)
    record.items.first = added;
  else
    store_->items[record.items.last].next = added;
  record.items.last = added;
  ++record.count;
  const int deeper = std::min(0xFFFF, int{this->record(item).depth} + 1);
  record.depth = std::max(record.depth, static_cast<std::uint16_t>(deeper));
}

void ValueTree::append(Node container, Node item) { link(container, kNone, item); }

bool ValueTree::insert(Node dict, Node key, Node item) {
  if (!store_->keys.insert({dict, key}).second) return false;
  link(dict, key, item);
  return true;
}

void ValueTree::become(Node object, Node state) {
  Record& made = store_->records.at(object);
  made = record(state);
  made.sealed = true;
}

ValueTree::Cursor ValueTree::items(Node container) const {
  const Record& found = record(container);
  return {.next = found.items.first, .left = found.count};
}

std::pair<Value, Value> ValueTree::take(Cursor& cursor) const {
  const Item& item = store_->items.at(cursor.next);
  cursor = {.next = item.next, .left = cursor.left - 1};
  return {value(item.key == kNone ? 0 : item.key), value(item.value)};
}

bool ValueTree::is_ordered(Node node) const { return record(node).ordered; }
bool ValueTree::is_sealed(Node node) const { return record(node).sealed; }
std::int64_t ValueTree::depth(Node node) const { return record(node).depth; }

Value::Kind Value::kind() const { return tree_->record(node_).kind; }
bool Value::is_container() const {
  return kind() == Kind::list || kind() == Kind::tuple || kind() == Kind::dict;
}
bool Value::as_boolean() const { return tree_->record(node_).number != 0; }
std::int64_t Value::as_integer() const { return tree_->record(node_).number; }
double Value::as_real() const { return tree_->record(node_).real; }
std::string_view Value::as_text() const { return tree_->store_->text(tree_->record(node_)); }
std::size_t Value::size() const { return tree_->record(node_).count; }

void Value::for_each(const std::function<void(const Value&, const Value&)>& visit) const {
  for (ValueTree::Cursor cursor = tree_->items(node_); cursor.left > 0;) {
    const auto [key, item] = tree_->take(cursor);
    visit(key, item);
  }
}

std::optional<Value> Value::find(std::string_view key) const {
  std::optional<Value> found;
  if (kind() != Kind::dict) return found;
  for_each([&](const Value& name, const Value& item) {
    const bool same = name.kind() == Kind::text ? name.as_text() == key
                                                : fmt::format("{}", name.as_integer()) == key;
    if (same) found = item;
  });
  return found;
}

std::string_view name_of(Value::Kind kind) {
  static constexpr std::array<std::string_view, 12> kNames = {
      "None",    "a truth value", "an integer", "a number",      "a text",    "a list",
      "a tuple", "a dict",        "a tensor",   "a constructor", "a storage", "an object"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string shown(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null:
      return "None";
    case Value::Kind::boolean:
      return value.as_boolean() ? "True" : "False";
    case Value::Kind::integer:
      return fmt::format("{}", value.as_integer());
    case Value::Kind::real:
      return fmt::format("{}", value.as_real());
    case Value::Kind::text:
      return fmt::format("\"{}\"", printable(std::string(value.as_text())));
    default:
      return std::string(name_of(value.kind()));
  }
}

}  // namespace intr
