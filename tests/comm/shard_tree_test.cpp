// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/shard_tree.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "intr/core/error.h"

namespace intr {
namespace {

constexpr std::int64_t kValues = 1003;

/// What a shard gives: values of very different sizes, so that every order of adding gives other
/// bits.
std::vector<float> shard_values(std::int64_t shard) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < kValues; ++i) {
    const auto place = static_cast<double>(i * 31 + shard * 17);
    values.push_back(
        static_cast<float>(std::sin(place) * std::pow(10.0, static_cast<double>(i % 9))));
  }
  return values;
}

/// The plain reference: shards [first, first + count).
std::vector<float> tree_sum(std::int64_t first, std::int64_t count) {
  if (count == 1) return shard_values(first);
  std::vector<float> lower = tree_sum(first, count / 2);
  const std::vector<float> higher = tree_sum(first + count / 2, count / 2);
  for (std::size_t i = 0; i < lower.size(); ++i) lower[i] = lower[i] + higher[i];
  return lower;
}

void put(const at::Tensor& buffer, std::vector<float> values) {
  buffer.copy_(at::from_blob(values.data(), {kValues}, at::kFloat));
}

/// The last shard is finished in pieces, the last piece first.
void finish_in_pieces(ShardTree& tree) {
  tree.finish(700, kValues);
  tree.finish(0, 1);
  tree.finish(1, 700);
}

bool same_bits(const at::Tensor& buffer, const std::vector<float>& values) {
  return std::memcmp(buffer.const_data_ptr(), values.data(), values.size() * sizeof(float)) == 0;
}

TEST(ShardTree, AddsAsThePlainTree) {
  for (const std::int64_t shards : {1, 2, 4, 8, 16}) {
    const at::Tensor buffer = at::zeros({kValues});
    ShardTree tree(buffer, shards);
    for (int step = 0; step < 2; ++step) {
      const std::int64_t first = step * shards;
      for (std::int64_t shard = 0; shard < shards; ++shard) {
        put(buffer, shard_values(first + shard));
        if (shard + 1 == shards) break;
        tree.take();
        EXPECT_TRUE(same_bits(buffer, std::vector<float>(kValues, 0.0F))) << "zeros are left";
      }
      finish_in_pieces(tree);
      tree.restart();
      EXPECT_TRUE(same_bits(buffer, tree_sum(first, shards))) << shards << ", step " << step;
    }
  }
}

TEST(ShardTree, TheOrderShowsInTheBits) {
  std::vector<float> in_a_row = shard_values(0);
  for (std::int64_t shard = 1; shard < 8; ++shard) {
    const std::vector<float> next = shard_values(shard);
    for (std::size_t i = 0; i < next.size(); ++i) in_a_row[i] += next[i];
  }
  EXPECT_NE(in_a_row, tree_sum(0, 8)) << "the values of these tests tell nothing";
}

/// A shard without samples is a zero in its place: x + 0 is x, but for -0 + 0, which is 0.
TEST(ShardTree, AShardWithoutSamplesKeepsTheOthers) {
  const at::Tensor buffer = at::zeros({kValues});
  ShardTree tree(buffer, 4);
  tree.take();
  put(buffer, shard_values(5));
  tree.take();
  put(buffer, std::vector<float>(kValues, 0.0F));
  tree.take();
  finish_in_pieces(tree);
  EXPECT_TRUE(same_bits(buffer, shard_values(5)));
}

TEST(ShardTree, RefusesWhatIsNoTree) {
  const at::Tensor buffer = at::zeros({kValues});
  EXPECT_THROW(ShardTree(buffer, 0), InternalError);
  EXPECT_THROW(ShardTree(buffer, 6), InternalError);
  ShardTree tree(buffer, 2);
  EXPECT_THROW(tree.finish(0, kValues), InternalError) << "shard 0 is missing";
  tree.take();
  EXPECT_THROW(tree.take(), InternalError);
}

}  // namespace
}  // namespace intr
