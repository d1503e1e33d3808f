// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <vector>

#include "intr/attention/map_extractor.h"
#include "intr/data/data_index.h"
#include "intr/data/loader.h"
#include "intr/model/intr.h"

namespace intr {

/// Computes what a dump stores of a batch of the data set, all columns included.
/// @param index that the batch's rows belong to
/// @throws DataError naming the sample if logits or maps are not finite
std::vector<MapRecord> compute_records(const Intr& model, const MapExtractor& extractor,
                                       const DataIndex& index, const MicroBatch& batch,
                                       at::Device device);

}  // namespace intr
