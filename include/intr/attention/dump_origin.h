// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <string>

#include "intr/attention/map_format.h"
#include "intr/data/augmentation.h"
#include "intr/data/data_index.h"

/// Whether a dump can be computed again with what is at hand.
namespace intr {

/// @param where the dump, for messages
/// @throws DataError if it was made from another model, data set, split or transform
void require_same_origin(const DumpFacts& facts, const std::string& model_hash,
                         const DataIndex& index, const Transform& transform,
                         const std::string& where);

/// Sets this process up to multiply as the dump's did. @return the type of products
/// @throws EnvironmentError if this device cannot
at::ScalarType take_precision_of(const DumpFacts& facts, at::Device device);

}  // namespace intr
