// SPDX-License-Identifier: Apache-2.0
#include "intr/image/resize_kernels.h"

#include <gtest/gtest.h>

#include <typeinfo>
#include <vector>

#include "image/pattern.h"

namespace intr {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// Four rows of different pixels after the horizontal pass; what lies behind them is checked.
Bytes after_columns(ResizeKernel kernel, std::int64_t in, std::int64_t out, bool mirrored) {
  const Image source = pattern({ColumnPass::kRows, in});
  const auto row_bytes = static_cast<std::size_t>(out) * 3;
  const std::size_t stride = row_bytes + ColumnPass::kSlack;
  Bytes memory(stride * ColumnPass::kRows + 1, 0xAA);
  ColumnPass::Sources sources;
  ColumnPass::Targets targets;
  for (std::size_t i = 0; i < ColumnPass::kRows; ++i) {
    sources[i] = source.rgb.data() + i * static_cast<std::size_t>(in) * 3;
    targets[i] = memory.data() + i * stride;
  }
  make_column_pass(ResizeAxis(in, out, 0, out, mirrored), kernel)->run(sources, targets);
  EXPECT_EQ(memory.back(), 0xAA) << "more than the slack was overwritten";
  Bytes rows;
  for (const std::uint8_t* target : targets) rows.insert(rows.end(), target, target + row_bytes);
  return rows;
}

Bytes after_rows(ResizeKernel kernel, std::int64_t in, std::int64_t out, std::size_t length) {
  const Image source = pattern({in, static_cast<std::int64_t>(length)});  // more than is used
  const auto pass = make_row_pass(ResizeAxis(in, out, 0, out), kernel);
  Bytes result(static_cast<std::size_t>(out) * length + 1, 0xAA);
  for (std::size_t y = 0; y < static_cast<std::size_t>(out); ++y) {
    const ResizeAxis::Window& window = pass->axis().windows()[y];
    std::vector<const std::uint8_t*> rows;
    for (std::int64_t j = 0; j < window.taps; ++j)
      rows.push_back(source.rgb.data() + static_cast<std::size_t>(window.first + j) * length);
    pass->run(y, rows, length, result.data() + y * length);
  }
  EXPECT_EQ(result.back(), 0xAA);
  result.pop_back();
  return result;
}

TEST(ResizeKernels, TheFastestIsOneOfThem) {
  EXPECT_EQ(resize_kernels().front(), ResizeKernel::kScalar);
  EXPECT_EQ(resize_kernels().back(), best_resize_kernel());
}

TEST(ResizeKernels, NoneFallsBackToTheScalarOneForUsualSizes) {
  for (const ResizeKernel kernel : resize_kernels()) {
    if (kernel == ResizeKernel::kScalar) continue;
    for (const std::int64_t out : {1066, 500, 480, 300, 40}) {
      const ResizeAxis axis(500, out, 0, out);
      const auto scalar_columns = make_column_pass(axis, ResizeKernel::kScalar);
      const auto columns = make_column_pass(axis, kernel);
      EXPECT_NE(typeid(*columns.get()), typeid(*scalar_columns.get())) << out;
      const auto scalar_rows = make_row_pass(axis, ResizeKernel::kScalar);
      const auto rows = make_row_pass(axis, kernel);
      EXPECT_NE(typeid(*rows.get()), typeid(*scalar_rows.get())) << out;
    }
  }
}

TEST(ResizeKernels, AllEqualTheScalarOneInTheHorizontalPass) {
  for (const ResizeKernel kernel : resize_kernels()) {
    for (const std::int64_t in : {1, 2, 5, 6, 9, 10, 17, 21, 22, 23, 64, 131, 500}) {
      for (const std::int64_t out : {1, 2, 3, 10, 11, 21, 22, 64, 67, 171, 1066}) {
        for (const bool mirrored : {false, true})
          EXPECT_EQ(after_columns(kernel, in, out, mirrored),
                    after_columns(ResizeKernel::kScalar, in, out, mirrored))
              << static_cast<int>(kernel) << ": " << in << " to " << out << ", " << mirrored;
      }
    }
  }
}

TEST(ResizeKernels, AllEqualTheScalarOneInTheVerticalPass) {
  for (const ResizeKernel kernel : resize_kernels()) {
    for (const std::size_t length : {1u, 3u, 31u, 32u, 33u, 63u, 64u, 65u, 100u, 129u}) {
      for (const std::int64_t in : {1, 2, 7, 50, 333}) {
        for (const std::int64_t out : {1, 2, 6, 49, 83})
          EXPECT_EQ(after_rows(kernel, in, out, length),
                    after_rows(ResizeKernel::kScalar, in, out, length))
              << static_cast<int>(kernel) << ": " << in << " to " << out << ", " << length;
      }
    }
  }
}

}  // namespace
}  // namespace intr
