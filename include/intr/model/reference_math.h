// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "intr/core/option_set.h"

namespace intr {

/// `--reference-math`: the model as its formulas stand, instead of the fast form of each: norms
/// behind their convolutions, attention weights formed in full, LibTorch's default layouts and
/// kernels, denormal numbers kept. The same function up to rounding, and slower; for checking the
/// fast forms. A switch of the process, like LibTorch's own.
void describe_reference_math(bool& wanted, OptionSet& set);
/// Call it before models are made and before threads compute.
void set_reference_math(bool on);
bool reference_math() noexcept;

}  // namespace intr
