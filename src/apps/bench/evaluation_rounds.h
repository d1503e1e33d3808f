// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "intr/model/intr.h"
#include "model_bench.h"
#include "replayed_batches.h"

namespace intr {

/// The model with bench_weights(), as intr-eval holds it: nothing trains.
Intr evaluated_model(const ModelBench& o, at::Device device);

/// One pass over all batches: forward pass and reading the logits back.
nlohmann::ordered_json eval_round(const Intr& model, ReplayedBatches& batches, at::Device device);

}  // namespace intr
