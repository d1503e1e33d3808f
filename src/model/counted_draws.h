// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "intr/core/philox.h"
#include "intr/model/parameter_table.h"

namespace intr {

/// A standard normal number (Box and Muller 1958) of (seed, purpose, tensor, element): no generator
/// has a state, so every rank draws the same.
double normal_draw(std::uint64_t seed, Purpose purpose, std::int64_t tensor, std::int64_t element);

/// A value of a tensor that starts from nothing. @param element its place, row-major
float initial_value(const InitialValues& initial, std::uint64_t seed, std::int64_t element);

}  // namespace intr
