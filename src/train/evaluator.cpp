// SPDX-License-Identifier: Apache-2.0
#include "intr/train/evaluator.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "intr/core/error.h"
#include "intr/core/progress.h"
#include "intr/core/trace.h"
#include "intr/data/loader.h"
#include "intr/data/network_input.h"

namespace intr {
namespace {

const Tag kTag{.section = "evaluation"};

double percent(std::int64_t hits, std::int64_t samples) {
  return samples == 0 ? 0 : 100.0 * static_cast<double>(hits) / static_cast<double>(samples);
}

/// @param logits [B, K] float32 on the CPU
void score_batch(const at::Tensor& logits, const MicroBatch& batch,
                 std::vector<SampleScore>& scores) {
  const auto classes = static_cast<std::size_t>(logits.size(1));
  const std::span<const float> values(logits.data_ptr<float>(),
                                      static_cast<std::size_t>(logits.numel()));
  for (std::size_t i = 0; i < batch.rows.size(); ++i)
    scores.push_back(
        score_sample(values.subspan(i * classes, classes), batch.labels[i], batch.sample_ids[i]));
}

}  // namespace

double Evaluation::acc1() const noexcept { return percent(hits1, samples); }
double Evaluation::acc5() const noexcept { return percent(hits5, samples); }

Evaluator::Evaluator(const DataIndex& index, const ShardReader& reader, Communicator& communicator,
                     const Options& options)
    : index_(index), reader_(reader), communicator_(communicator), options_(options) {
  if (index.size() == 0)
    throw DataError(fmt::format("the split '{}' has no samples", index.split()), index.set(),
                    "choose another --split, or pack the set again");
  mine_ = batches_of_rank(
      plan_evaluation(index, options.transform, options.batch_size, {}, options.batching),
      communicator.rank(), communicator.world_size());
}

Evaluation Evaluator::run(const Intr& model, at::Device device,
                          const std::function<bool()>& stop_requested) const {
  bool stopped = false;
  const std::vector<SampleScore> mine = score_share(model, device, stop_requested, stopped);
  return reduce(mine, stopped);
}

std::vector<SampleScore> Evaluator::score_share(const Intr& model, at::Device device,
                                                const std::function<bool()>& stop_requested,
                                                bool& stopped) const {
  const torch::NoGradGuard no_gradients;
  std::int64_t total = 0;
  for (const EvaluationBatch& batch : mine_) total += static_cast<std::int64_t>(batch.rows.size());
  Progress progress("evaluating " + index_.split(), total, "images", options_.progress);
  EvaluationLoader loader(index_, reader_, options_.transform, mine_, options_.loader);
  std::vector<SampleScore> scores;
  while (const auto batch = loader.next()) {
    stopped = stop_requested();
    if (stopped) return scores;  // no collective stands in this loop
    const trace::Scope scope("evaluate batch", {"images", batch->size()});
    const at::Tensor images = network_input(*batch, device);        // [B, 3, H, W]
    const IntrOutput output = model.forward(images, batch->sizes);  // logits [B, K]
    score_batch(output.logits.to(at::kCPU, at::kFloat).contiguous(), *batch, scores);
    progress.advance(batch->size());
  }
  progress.finish();
  return scores;
}

Evaluation Evaluator::reduce(const std::vector<SampleScore>& mine, bool stopped) const {
  std::array<std::int64_t, 4> sums = {stopped ? 1 : 0, static_cast<std::int64_t>(mine.size()), 0,
                                      0};
  for (const SampleScore& score : mine) {
    sums[2] += score.rank < 1 ? 1 : 0;
    sums[3] += score.rank < 5 ? 1 : 0;
  }
  communicator_.allreduce_now(std::span<std::int64_t>(sums), Op::sum, kTag);
  Evaluation evaluation;
  evaluation.stopped = sums[0] != 0;
  if (evaluation.stopped) return evaluation;
  evaluation.samples = sums[1];
  evaluation.hits1 = sums[2];
  evaluation.hits5 = sums[3];
  if (evaluation.samples != index_.size())
    throw InternalError(fmt::format("{} samples were evaluated, the split has {}",
                                    evaluation.samples, index_.size()),
                        index_.split());
  collect_on_root(mine, evaluation);
  return evaluation;
}

void Evaluator::collect_on_root(const std::vector<SampleScore>& mine,
                                Evaluation& evaluation) const {
  const auto gathered = communicator_.gather(std::as_bytes(std::span(mine)), 0, kTag);
  if (communicator_.rank() != 0) return;
  std::vector<SampleScore>& scores = evaluation.scores;
  for (const std::vector<std::byte>& bytes : gathered) {
    const std::size_t first = scores.size();
    scores.resize(first + bytes.size() / sizeof(SampleScore));
    if (!bytes.empty()) std::memcpy(scores.data() + first, bytes.data(), bytes.size());
  }
  std::sort(scores.begin(), scores.end(),
            [](const auto& a, const auto& b) { return a.sample_id < b.sample_id; });
  const auto twin =
      std::adjacent_find(scores.begin(), scores.end(),
                         [](const auto& a, const auto& b) { return a.sample_id == b.sample_id; });
  if (twin != scores.end())
    throw InternalError(fmt::format("sample {} was evaluated twice", twin->sample_id),
                        index_.split());
  for (const SampleScore& score : scores) {
    evaluation.loss += score.loss;
    evaluation.brier += score.brier;
    evaluation.margin += score.margin;
  }
  const auto count = static_cast<double>(scores.size());
  evaluation.loss /= count;
  evaluation.brier /= count;
  evaluation.margin /= count;
}

}  // namespace intr
