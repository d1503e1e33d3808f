// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/weights/value_tree.h"

namespace intr {
namespace {

/// A walk over everything below a value, without recursion. The path of keys is one text that grows
/// and shrinks.
class Walk {
 public:
  Walk(const ValueTree& tree, const WeightLimits& limits, const std::string& where,
       const std::function<void(const std::string&, const Value&)>& visit)
      : tree_(tree), limits_(limits), where_(where), visit_(visit) {}

  void run(const Value& root) {
    reach(root, 0);
    while (!levels_.empty()) {
      Level& level = levels_.back();
      path_.resize(level.path_bytes);
      if (level.cursor.left == 0) {
        levels_.pop_back();
        continue;
      }
      const auto [key, item] = tree_.take(level.cursor);
      if (levels_.size() > 1 || level.path_bytes > 0) path_ += '/';
      add_to_path(key, level.number++);
      reach(item, path_.size());
    }
  }

 private:
  /// A container on the way from the root to where the walk stands.
  struct Level {
    Value::Node node;
    ValueTree::Cursor cursor;
    std::size_t path_bytes;
    std::size_t number = 0;
  };

  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(what, where_, "no honest weight file looks like this: get it from its source");
  }
  std::string place() const { return fmt::format("\"{}\"", printable(path_.substr(0, 120))); }
  void add_to_path(const Value& key, std::size_t number) {
    if (key.kind() == Value::Kind::text)
      path_ += key.as_text();
    else
      path_ +=
          fmt::format("{}", key.kind() == Value::Kind::integer ? key.as_integer()
                                                               : static_cast<std::int64_t>(number));
    bytes_ += static_cast<std::int64_t>(path_.size());
    if (bytes_ > limits_.path_bytes)
      fail(fmt::format("the names of its values need more than {} bytes", limits_.path_bytes));
  }
  void reach(const Value& value, std::size_t path_bytes) {
    if (++reached_ > limits_.leaves)
      fail(fmt::format("more than {} values (--max-leaves)", limits_.leaves));
    if (!value.is_container()) {
      if (value.kind() > Value::Kind::tensor)
        fail(fmt::format("{} holds {} where a value belongs", place(), name_of(value.kind())));
      visit_(path_, value);
      return;
    }
    for (const Level& level : levels_)
      if (level.node == value.node()) fail(place() + " is a container inside itself");
    if (static_cast<std::int64_t>(levels_.size()) >= limits_.nesting)
      fail(fmt::format("containers are nested more than {} deep", limits_.nesting));
    levels_.push_back({value.node(), tree_.items(value.node()), path_bytes});
  }

  const ValueTree& tree_;
  const WeightLimits& limits_;
  const std::string& where_;
  const std::function<void(const std::string&, const Value&)>& visit_;
  std::vector<Level> levels_;
  std::string path_;
  std::int64_t reached_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace

void for_each_leaf(const Value& root, const WeightLimits& limits, const std::string& where,
                   const std::function<void(const std::string&, const Value&)>& visit) {
  Walk(root.tree(), limits, where, visit).run(root);
}

}  // namespace intr
