// SPDX-License-Identifier: Apache-2.0
#include "intr/model/precision.h"

#include <ATen/Context.h>

#include <nlohmann/json.hpp>

#include "intr/core/error.h"

namespace intr {
namespace {

constexpr const char* kFlag = "--precision";

/// Whether the processor multiplies bfloat16 numbers; without, they are taken apart one by one.
bool cpu_multiplies_bfloat16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

}  // namespace

void describe_precision(std::string& precision, OptionSet& set) {
  set.add("precision", precision,
          "of convolutions, projections and attention: fp32, tf32 (GPUs), bf16 (GPUs, CPUs with "
          "AVX512-BF16); weights, norms, sums and the loss stay fp32");
}

void validate_precision(const std::string& precision) {
  require_choice("precision", precision, {"fp32", "tf32", "bf16"});
}

at::ScalarType take_precision(const std::string& precision, at::Device device) {
  if (precision == "tf32" && device.is_cpu())
    throw EnvironmentError("tf32 is a format of GPUs, this run is on the CPU", kFlag,
                           "give fp32 or bf16");
  if (precision == "bf16" && device.is_cpu() && !cpu_multiplies_bfloat16())
    throw EnvironmentError(
        "this processor has no AVX512-BF16, so bf16 would be slower than fp32 here", kFlag,
        "give fp32, or go on on a machine that has it");
  // LibTorch allows tf32 in convolutions unless it is told.
  at::globalContext().setAllowTF32CuBLAS(precision == "tf32");
  at::globalContext().setAllowTF32CuDNN(precision == "tf32");
  return precision == "bf16" ? at::kBFloat16 : at::kFloat;
}

}  // namespace intr
