// SPDX-License-Identifier: Apache-2.0
#include "evaluation_rounds.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include "intr/core/progress.h"
#include "intr/core/stopwatch.h"
#include "intr/data/network_input.h"
#include "intr/model/precision.h"

namespace intr {

using Json = nlohmann::ordered_json;

Intr evaluated_model(const ModelBench& o, at::Device device) {
  TensorMap tensors = bench_weights(o.model);
  for (auto& [name, tensor] : tensors) tensor = tensor.to(device);
  return {o.model, tensors, take_precision(o.precision, device)};
}

Json eval_round(const Intr& model, ReplayedBatches& batches, at::Device device) {
  const torch::NoGradGuard no_gradients;
  double seconds = 0, data = 0, forward = 0, readback = 0;
  Json each = Json::array();
  batches.seek(0, 0);
  for (std::int64_t i = 0; i < batches.steps_per_epoch(); ++i) {
    Stopwatch watch;
    const MicroBatch batch = batches.next();
    const at::Tensor images = network_input(batch, device);
    const double input = watch.lap();
    const IntrOutput output = model.forward(images, batch.sizes);
    const double computed = watch.lap();
    static_cast<void>(output.logits.to(at::kCPU, at::kFloat).contiguous());
    const double read = watch.lap();
    data += input;
    forward += computed;
    readback += read;
    seconds += input + computed + read;
    each.push_back(1e3 * (input + computed + read));
  }
  return {{"seconds", seconds}, {"work", batches.num_images()}, {"batches_ms", each},
          {"data_s", data},     {"forward_s", forward},         {"readback_s", readback}};
}

Json evaluation_facts(const ModelBench& o, const ReplayedBatches& batches) {
  return {{"precision", o.precision},
          {"threads", at::get_num_threads()},
          {"ranks", 1},
          {"batches_per_round", batches.steps_per_epoch()},
          {"pad_fraction", batches.pad_fraction()}};
}

Json warm_up(const std::function<Json()>& round) {
  const Json first = round();
  static_cast<void>(round());
  return first;
}

Json timed_rounds(const ModelBench& o, const std::string& name,
                  const std::function<Json()>& round) {
  Json rounds = Json::array();
  Progress progress(name, o.rounds, "rounds");
  for (std::int64_t i = 0; i < o.rounds; ++i) {
    rounds.push_back(round());
    progress.advance();
  }
  progress.finish();
  return rounds;
}

}  // namespace intr
