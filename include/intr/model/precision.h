// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "intr/core/option_set.h"

namespace intr {

/// `--precision`: what convolutions, projections and attention compute in.
void describe_precision(std::string& precision, OptionSet& set);
/// @throws UsageError
void validate_precision(const std::string& precision);

/// Sets LibTorch up accordingly. @return the type of the products, see Intr
/// @throws EnvironmentError if the device cannot do it, or only slower than float32
at::ScalarType take_precision(const std::string& precision, at::Device device);

}  // namespace intr
