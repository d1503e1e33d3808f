// SPDX-License-Identifier: Apache-2.0
#include "intr/model/precision.h"

#include <ATen/Context.h>
#include <gtest/gtest.h>

#include "intr/core/error.h"
#include "support/processor.h"

namespace intr {
namespace {

TEST(Precision, Fp32IsFp32OnGpusToo) {
  EXPECT_EQ(take_precision("fp32", at::kCPU), at::kFloat);
  EXPECT_FALSE(at::globalContext().allowTF32CuDNN());
  EXPECT_FALSE(at::globalContext().allowTF32CuBLAS());
  EXPECT_EQ(take_precision("tf32", at::Device(at::kCUDA, 0)), at::kFloat);
  EXPECT_TRUE(at::globalContext().allowTF32CuDNN());
  EXPECT_EQ(take_precision("bf16", at::Device(at::kCUDA, 0)), at::kBFloat16);
}

TEST(Precision, WhatTheProcessorCannotDoIsRefused) {
  EXPECT_THROW(take_precision("tf32", at::kCPU), EnvironmentError);
  EXPECT_THROW(validate_precision("fp16"), UsageError);
  // Either this processor multiplies bfloat16 numbers, or the choice is refused with the reason.
  if (test::cpu_takes_bfloat16()) {
    EXPECT_EQ(take_precision("bf16", at::kCPU), at::kBFloat16);
    return;
  }
  try {
    take_precision("bf16", at::kCPU);
    FAIL() << "taken";
  } catch (const EnvironmentError& error) {
    EXPECT_NE(std::string(error.what()).find("AVX512-BF16"), std::string::npos);
  }
}

}  // namespace
}  // namespace intr
