// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/pth_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <limits>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"
#include "intr/weights/weight_file.h"
#include "support/output_tensors.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using Kind = Value::Kind;
using Leaves = std::vector<std::string>;

/// Tensors of several types, an empty one and one without dimensions.
OutputWeights several() {
  OutputWeights weights;
  test::add_tensor<float>(weights, "a.weight", {2, 3}, {1, -2, 3, -4, 5, 6});
  test::add_tensor<std::int64_t>(weights, "steps", {}, {std::int64_t{1} << 40});
  test::add_tensor<double>(weights, "none", {0, 7}, {});
  test::add_tensor<std::uint8_t>(weights, "flags", {3}, {1, 0, 1}, DType::boolean);
  test::add_tensor<std::uint16_t>(weights, "half", {1}, {0x3C00}, DType::f16);
  return weights;
}

std::size_t find_text(const std::string& bytes, const std::string& text) {
  const std::size_t at = bytes.find(text);
  EXPECT_NE(at, std::string::npos);
  return at;
}

TEST(PthWriter, TensorsComeBack) {
  const test::TempDir folder;
  const OutputWeights weights = several();
  ValueTree tree;
  const auto hashes =
      write_pth(folder / "a.pth", weights, tree.value(test::tensor_dict(tree, weights)));
  const WeightFile file(folder / "a.pth");
  EXPECT_EQ(file.format(), WeightFormat::zip);
  ASSERT_EQ(file.entries().size(), weights.tensors.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const TensorEntry& entry = file.entries()[i];
    EXPECT_EQ(entry.name, weights.tensors[i].name);
    EXPECT_EQ(entry.shape, weights.tensors[i].shape);
    EXPECT_EQ(entry.type, weights.type(weights.tensors[i]));
    std::vector<std::byte> bytes(entry.bytes);
    file.read(entry, bytes);
    EXPECT_EQ(xxh3_64(std::span<const std::byte>(bytes)), hashes[i]) << entry.name;
  }
  EXPECT_EQ(file.values<float>("a.weight"), (std::vector<float>{1, -2, 3, -4, 5, 6}));
  EXPECT_EQ(file.values<std::int64_t>("steps"), std::vector<std::int64_t>{std::int64_t{1} << 40});
  EXPECT_TRUE(file.report().ignored.empty());
  EXPECT_FALSE(std::filesystem::exists(folder / "a.pth.d"));
}

TEST(PthWriter, ValuesOfEveryKindComeBack) {
  const test::TempDir folder;
  ValueTree tree;
  const Value::Node list = tree.add_container(Kind::list);
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{255}, std::int64_t{256}, std::int64_t{65535},
        std::int64_t{65536}, std::int64_t{-1}, std::int64_t{2147483647}, std::int64_t{-2147483648},
        std::int64_t{2147483648}, std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max()})
    tree.append(list, tree.add(Kind::integer, number));
  const Value::Node tuple = tree.add_container(Kind::tuple);
  for (const double number : {0.1, -0.0, 1e-300, std::numeric_limits<double>::infinity()})
    tree.append(tuple, tree.add_real(number));
  const Value::Node plain = tree.add_container(Kind::list);
  tree.append(plain, tree.add(Kind::null));
  tree.append(plain, tree.add(Kind::boolean, 1));
  tree.append(plain, tree.add(Kind::boolean, 0));
  tree.append(plain, tree.add_text("grün\n"));
  tree.append(plain, tree.add_text(""));
  const Value::Node top = tree.add_container(Kind::dict);
  test::put(tree, top, "integers", list);
  test::put(tree, top, "reals", tuple);
  test::put(tree, top, "plain", plain);
  for (const Kind kind : {Kind::list, Kind::tuple, Kind::dict})
    tree.insert(top, tree.add(Kind::integer, 100 + static_cast<int>(kind)),
                tree.add_container(kind));
  OutputWeights weights;
  test::add_tensor<float>(weights, "x", {1}, {1});
  test::put(tree, top, "x", tree.add(Kind::tensor, 0));
  write_pth(folder / "a.pth", weights, tree.value(top));

  Leaves wanted, found;
  for_each_leaf(tree.value(top), {}, "tree", [&](const std::string& path, const Value& leaf) {
    if (leaf.kind() != Kind::tensor) wanted.push_back(path + " = " + shown(leaf));
  });
  const WeightFile file(folder / "a.pth");
  file.for_each_value([&](const std::string& path, const Value& leaf) {
    found.push_back(path + " = " + shown(leaf));
  });
  EXPECT_EQ(wanted.size(), 20U);
  EXPECT_EQ(found, wanted);
  EXPECT_EQ(file.top()->find("reals")->kind(), Kind::tuple);
  EXPECT_EQ(file.top()->find("107")->kind(), Kind::dict);
}

TEST(PthWriter, AliasesStayAliases) {
  const test::TempDir folder;
  OutputWeights weights;
  test::add_tensor<float>(weights, "a", {2, 3}, {1, 2, 3, 4, 5, 6});
  test::add_tensor<float>(weights, "other", {1}, {9});
  weights.tensors.push_back({.name = "tied", .shape = {2, 3}, .stride = {3, 1}});
  weights.tensors.push_back({.name = "column", .shape = {2}, .stride = {3}, .offset = 2});
  ValueTree tree;
  write_pth(folder / "a.pth", weights, tree.value(test::tensor_dict(tree, weights)));
  const WeightFile file(folder / "a.pth");
  EXPECT_EQ(file.entry("tied").storage, file.entry("a").storage);
  EXPECT_EQ(file.entry("column").storage, file.entry("a").storage);
  EXPECT_NE(file.entry("other").storage, file.entry("a").storage);
  EXPECT_EQ(file.values<float>("tied"), file.values<float>("a"));
  EXPECT_EQ(file.values<float>("column"), (std::vector<float>{3, 6}));
}

TEST(PthWriter, TheSameInputGivesTheSameBytes) {
  const test::TempDir folder;
  const OutputWeights weights = several();
  ValueTree tree;
  const Value top = tree.value(test::tensor_dict(tree, weights));
  write_pth(folder / "a.pth", weights, top);
  write_pth(folder / "another name.pth", weights, top);
  EXPECT_EQ(read_file(folder / "a.pth"), read_file(folder / "another name.pth"));
}

TEST(PthWriter, TheFileIsAsTorchWantsIt) {
  const test::TempDir folder;
  OutputWeights weights;
  for (int i = 0; i < 12; ++i)  // record numbers of one and two digits
    test::add_tensor<float>(weights, std::string("t") + std::to_string(i), {5},
                            {1.5F, static_cast<float>(i), 0.25F, 0.125F, 77});
  ValueTree tree;
  write_pth(folder / "a.pth", weights, tree.value(test::tensor_dict(tree, weights)));
  const std::string bytes = read_file(folder / "a.pth");
  for (int i = 0; i < 12; ++i) {
    const std::vector<float> values = {1.5F, static_cast<float>(i), 0.25F, 0.125F, 77};
    const std::string payload(reinterpret_cast<const char*>(values.data()), 20);
    EXPECT_EQ(find_text(bytes, payload) % 64, 0U) << i;  // mmap=True maps it as it lies
  }
  find_text(bytes, "archive/data.pkl");
  EXPECT_EQ(find_text(bytes, std::string("\x80\x02}(X\x02\0\0\0t0ctorch._utils\n", 25)) % 64, 0U);
  EXPECT_NE(bytes.find("archive/version"), std::string::npos);
  EXPECT_NE(bytes.find("archive/byteorder"), std::string::npos);
}

TEST(PthWriter, WhatFillingThrowsComesOut) {
  const test::TempDir folder;
  OutputWeights weights;
  weights.add("a", DType::f32, {3}, [](std::span<std::byte>) { throw DataError("CRC mismatch"); });
  ValueTree tree;
  const Value top = tree.value(test::tensor_dict(tree, weights));
  EXPECT_THROW(write_pth(folder / "a.pth", weights, top), DataError);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(PthWriter, AFullDiskLeavesNothing) {
  const test::TempDir folder;
  OutputWeights weights;
  test::add_tensor<float>(weights, "a", {5000}, std::vector<float>(5000, 1));
  ValueTree tree;
  const Value top = tree.value(test::tensor_dict(tree, weights));
  struct rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  struct rlimit small = before;
  small.rlim_cur = 10'000;  // the kernel refuses to let a file grow past this
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  EXPECT_THROW(write_pth(folder / "a.pth", weights, top), EnvironmentError);
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(PthWriter, AFolderThatIsNotThere) {
  const test::TempDir folder;
  ValueTree tree;
  const Value top = tree.value(tree.add_container(Kind::dict));
  EXPECT_THROW(write_pth(folder / "missing/a.pth", {}, top), Error);
}

}  // namespace
}  // namespace intr
