// SPDX-License-Identifier: Apache-2.0
#include "intr/data/sample_order.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "intr/core/philox.h"

namespace intr {
namespace {

std::vector<std::uint64_t> all(const SampleOrder& order) {
  std::vector<std::uint64_t> values;
  for (std::uint64_t position = 0; position < order.count(); ++position)
    values.push_back(order.at(position));
  return values;
}

TEST(SampleOrder, GivesTheValuesOfItsDefinition) {
  EXPECT_EQ(mix64(0), 0xe220a8397b1dcdafu);
  EXPECT_EQ(all(SampleOrder(10, 42, 0)),
            (std::vector<std::uint64_t>{8, 3, 1, 5, 7, 6, 0, 9, 2, 4}));
  EXPECT_EQ(all(SampleOrder(10, 42, 1)),
            (std::vector<std::uint64_t>{9, 6, 4, 8, 1, 7, 2, 0, 5, 3}));
  EXPECT_EQ(all(SampleOrder(10, 42, 0, 1)),
            (std::vector<std::uint64_t>{6, 2, 7, 0, 9, 1, 3, 4, 8, 5}));
  EXPECT_EQ(all(SampleOrder(3, 0, 0)), (std::vector<std::uint64_t>{1, 2, 0}));
}

TEST(SampleOrder, IsABijection) {
  for (const std::uint64_t count : {1u, 2u, 3u, 17u, 255u, 256u, 257u, 5994u}) {
    std::vector<int> seen(count, 0);
    for (const std::uint64_t value : all(SampleOrder(count, 42, 5))) ++seen.at(value);
    EXPECT_EQ(seen, std::vector<int>(count, 1)) << count;
  }
}

TEST(SampleOrder, SpreadsEvenly) {
  // First positions of 16,000 epochs over 16 samples: chi square with 15 degrees of freedom, whose
  // 99.99 % point is 44.3.
  constexpr std::uint64_t kCount = 16;
  std::vector<double> seen(kCount, 0);
  for (std::uint64_t epoch = 0; epoch < 16'000; ++epoch)
    ++seen[SampleOrder(kCount, 1, epoch).at(0)];
  double chi_square = 0;
  for (const double count : seen) chi_square += (count - 1000) * (count - 1000) / 1000;
  EXPECT_LT(chi_square, 44.3);
}

TEST(SampleOrder, EqualsTheIndependentVectors) {
  std::ifstream file(std::string(INTR_TEST_DATA) + "/order_vectors.txt");
  ASSERT_TRUE(file);
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    std::istringstream words(line);
    std::string kind, colon;
    words >> kind;
    if (kind == "order") {
      std::uint64_t count = 0, seed = 0, epoch = 0, stream = 0;
      words >> count >> seed >> epoch >> stream >> colon;
      std::vector<std::uint64_t> positions = {0,         1,         2,         3,        7,
                                              count / 3, count / 2, count - 2, count - 1};
      if (count <= 64) {
        positions.clear();
        for (std::uint64_t p = 0; p < count; ++p) positions.push_back(p);
      }
      for (const std::uint64_t position : positions) {
        std::uint64_t expected = 0;
        ASSERT_TRUE(words >> expected) << line;
        ASSERT_EQ(SampleOrder(count, seed, epoch, stream).at(position), expected) << line;
      }
    } else {
      std::uint64_t seed = 0, epoch = 0, sample = 0;
      words >> seed >> epoch >> sample >> colon >> std::hex;
      for (std::uint64_t draw = 0; draw < 8; ++draw) {
        std::uint64_t expected = 0;
        ASSERT_TRUE(words >> expected) << line;
        EXPECT_EQ(draw_bits(seed, Purpose::kAugmentation, epoch, sample, draw), expected) << line;
      }
    }
  }
  EXPECT_EQ(lines, 94);
}

}  // namespace
}  // namespace intr
