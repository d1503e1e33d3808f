// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/weights/output_weights.h"
#include "intr/weights/value_tree.h"

namespace intr {

/// A pickle of protocol 2 of plain values and tensors, as torch.save would write it, but with plain
/// dicts and without a memo: Python with weights_only and LibTorch's own reader both take it.
/// @param top a tree whose tensors are numbers in weights.tensors; containers in several places are
/// written at each
/// @throws InternalError for what is no value
std::string write_pickle(const Value& top, const OutputWeights& weights);

}  // namespace intr
