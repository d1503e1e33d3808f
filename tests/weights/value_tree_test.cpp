// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/value_tree.h"

#include <gtest/gtest.h>

#include <vector>

#include "intr/core/error.h"

namespace intr {
namespace {

using Kind = Value::Kind;
using Node = Value::Node;
using Leaves = std::vector<std::string>;

Leaves leaves(const ValueTree& tree, Node root, const WeightLimits& limits = {}) {
  Leaves found;
  for_each_leaf(tree.value(root), limits, "file", [&](const std::string& path, const Value& leaf) {
    found.push_back(path + " = " + shown(leaf));
  });
  return found;
}

std::string refusal(const ValueTree& tree, Node root, const WeightLimits& limits = {}) {
  try {
    static_cast<void>(leaves(tree, root, limits));
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

/// A dict {"a": 1, 7: [2.5, None], "t": ("x",)}.
Node sample(ValueTree& tree) {
  const Node list = tree.add_container(Kind::list);
  tree.append(list, tree.add_real(2.5));
  tree.append(list, 0);
  const Node tuple = tree.add_container(Kind::tuple);
  tree.append(tuple, tree.add_text("x"));
  const Node dict = tree.add_container(Kind::dict);
  EXPECT_TRUE(tree.insert(dict, tree.add_text("a"), tree.add(Kind::integer, 1)));
  EXPECT_TRUE(tree.insert(dict, tree.add(Kind::integer, 7), list));
  EXPECT_TRUE(tree.insert(dict, tree.add_text("t"), tuple));
  return dict;
}

TEST(ValueTree, LeavesComeInOrderWithTheirPaths) {
  ValueTree tree;
  EXPECT_EQ(leaves(tree, sample(tree)),
            (Leaves{"a = 1", "7/0 = 2.5", "7/1 = None", "t/0 = \"x\""}));
}

TEST(ValueTree, FindsByTextAndByInteger) {
  ValueTree tree;
  const Value dict = tree.value(sample(tree));
  EXPECT_EQ(dict.find("a")->as_integer(), 1);
  EXPECT_EQ(dict.find("7")->size(), 2U);
  EXPECT_FALSE(dict.find("b"));
  EXPECT_FALSE(dict.find("a")->find("a")) << "an integer has no items";
}

TEST(ValueTree, ADictTakesEachKeyOnce) {
  ValueTree tree;
  const Node dict = sample(tree);
  EXPECT_FALSE(tree.insert(dict, tree.add_text("a"), 0));
  EXPECT_FALSE(tree.insert(dict, tree.add(Kind::integer, 7), 0));
  EXPECT_TRUE(tree.insert(dict, tree.add_text("7"), 0)) << "a text is no integer";
  EXPECT_EQ(tree.value(dict).size(), 4U);
}

TEST(ValueTree, AnObjectBecomesTheDictOfItsState) {
  ValueTree tree;
  const Node object = tree.add_container(Kind::object);
  EXPECT_NE(refusal(tree, object), "accepted") << "it still waits";
  tree.become(object, sample(tree));
  EXPECT_EQ(leaves(tree, object).size(), 4U);
}

TEST(ValueTree, ASharedContainerIsVisitedWhereverItStands) {
  ValueTree tree;
  const Node both = tree.add_container(Kind::list);
  const Node one = sample(tree);
  tree.append(both, one);
  tree.append(both, one);
  EXPECT_EQ(leaves(tree, both).size(), 8U);
}

TEST(ValueTree, ListsThatDoubleHitTheLimitInsteadOfTheClock) {
  ValueTree tree;
  Node list = tree.add_container(Kind::list);
  for (int level = 0; level < 40; ++level) {
    const Node next = tree.add_container(Kind::list);
    tree.append(next, list);
    tree.append(next, list);
    list = next;
  }
  const std::string message = refusal(tree, list, {.path_bytes = std::int64_t{1} << 40});
  EXPECT_NE(message.find("more than 2000000 values"), std::string::npos) << message;
  EXPECT_NE(refusal(tree, list), "accepted") << "here their names are too long before that";
}

TEST(ValueTree, AContainerInsideItselfIsRefused) {
  ValueTree tree;
  const Node dict = tree.add_container(Kind::dict);
  EXPECT_TRUE(tree.insert(dict, tree.add_text("self"), dict));
  EXPECT_NE(refusal(tree, dict).find("\"self\" is a container inside itself"), std::string::npos);
}

TEST(ValueTree, NestingAndNamesHaveLimits) {
  ValueTree tree;
  Node list = tree.add_container(Kind::list);
  for (int depth = 1; depth < 64; ++depth) {
    const Node outer = tree.add_container(Kind::list);
    tree.append(outer, list);
    list = outer;
  }
  EXPECT_EQ(tree.depth(list), 64);
  EXPECT_EQ(refusal(tree, list), "accepted");
  EXPECT_NE(refusal(tree, list, {.nesting = 63}), "accepted");
  const Node dict = tree.add_container(Kind::dict);
  EXPECT_TRUE(tree.insert(dict, tree.add_text("12345678"), 0));
  EXPECT_EQ(refusal(tree, dict, {.path_bytes = 8}), "accepted");
  EXPECT_NE(refusal(tree, dict, {.path_bytes = 7}), "accepted");
}

TEST(ValueTree, AConstructorIsNoValue) {
  ValueTree tree;
  const Node list = tree.add_container(Kind::list);
  tree.append(list, tree.add(Kind::constructor, 0));
  EXPECT_NE(refusal(tree, list).find("a constructor where a value belongs"), std::string::npos);
}

TEST(ValueTree, AMillionLevelsAreDestroyedWithoutRecursion) {
  ValueTree tree;
  Node list = tree.add_container(Kind::list);
  for (int depth = 0; depth < 1'000'000; ++depth) {
    const Node outer = tree.add_container(Kind::list);
    tree.append(outer, list);
    list = outer;
  }
  EXPECT_NE(refusal(tree, list).find("more than 64 deep"), std::string::npos);
}

}  // namespace
}  // namespace intr
