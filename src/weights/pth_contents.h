// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "pickle_machine.h"
#include "weight_contents.h"

namespace intr {

/// Names every tensor below the top by its path and sets aside a storage for each that the pickles
/// declared; the caller says where their bytes lie.
/// @throws DataError if there are too many values
void take_pickled(const PickleMachine& machine, Value::Node top, const WeightLimits& limits,
                  const std::string& where, WeightContents& contents);

}  // namespace intr
