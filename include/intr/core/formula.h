// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace intr {

/// Numbers in [-1, 1), multiples of 2^-23, that follow from a name and a seed: scripts in Python
/// make the same ones, so that weights and inputs of comparisons need not be stored. SplitMix64
/// (Steele et al. 2014) that starts at the FNV-1a hash of the name, plus the seed.
std::vector<double> formula_units(std::string_view name, std::int64_t count,
                                  std::uint64_t seed = 0);

/// Values of a parameter or buffer by its name in the published state dict and its shape, chosen so
/// that activations neither die out nor blow up.
std::vector<float> formula_weight(const std::string& name, const std::vector<std::int64_t>& shape,
                                  std::uint64_t seed = 0);

}  // namespace intr
