// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "intr/model/intr.h"
#include "model_bench.h"
#include "replayed_batches.h"

namespace intr {

/// The model with bench_weights(), as intr-eval holds it: nothing trains.
Intr evaluated_model(const ModelBench& o, at::Device device);

/// One pass over all batches: forward pass and reading the logits back.
nlohmann::ordered_json eval_round(const Intr& model, ReplayedBatches& batches, at::Device device);

/// What figures of these rounds depend on.
nlohmann::ordered_json evaluation_facts(const ModelBench& o, const ReplayedBatches& batches);

/// Two rounds that do not count. @return the first
nlohmann::ordered_json warm_up(const std::function<nlohmann::ordered_json()>& round);
/// As many rounds as were asked for. @param name of the bench, for people who wait
nlohmann::ordered_json timed_rounds(const ModelBench& o, const std::string& name,
                                    const std::function<nlohmann::ordered_json()>& round);

}  // namespace intr
