// SPDX-License-Identifier: Apache-2.0
#include "intr/train/trainer.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/philox.h"
#include "intr/core/trace.h"
#include "intr/data/network_input.h"
#include "intr/train/scores.h"

namespace intr {
namespace {

/// Adds the hits of a micro-batch. @param logits [B, K]
void count_hits(const at::Tensor& logits, const std::vector<std::int64_t>& labels, StepSums& sums) {
  const at::Tensor values = logits.detach().to(at::kCPU, at::kFloat).contiguous();
  const auto classes = static_cast<std::size_t>(values.size(1));
  const float* row = values.data_ptr<float>();
  for (const std::int64_t label : labels) {
    const std::int64_t rank = rank_of_true_class(std::span(row, classes), label);
    sums.hits1 += rank < 1 ? 1 : 0;
    sums.hits5 += rank < 5 ? 1 : 0;
    row += classes;
  }
}

double pad_fraction_of(double picture_pixels, double padded_pixels) {
  return padded_pixels > 0 ? 1.0 - picture_pixels / padded_pixels : 0.0;
}

}  // namespace

void LoaderReport::add(const MicroBatch& batch) {
  const BatchFigures& figures = batch.figures;
  sums.wait_s += figures.wait_s;
  sums.read_s += figures.read_s;
  sums.decode_s += figures.decode_s;
  sums.resize_s += figures.resize_s;
  sums.bytes += figures.bytes;
  sums.queue = images == 0 ? figures.queue : std::min(sums.queue, figures.queue);
  images += batch.size();
  picture_pixels_ += batch.picture_pixels();
  padded_pixels_ += batch.padded_pixels();
  pad_fraction =
      pad_fraction_of(static_cast<double>(picture_pixels_), static_cast<double>(padded_pixels_));
}

/// Splits a step into phases that follow each other: their seconds for the report, and their place
/// in the trace.
class Trainer::Phases {
 public:
  /// @param step the first is 1
  explicit Phases(std::int64_t step) : step_(step) {}
  /// The phase ends that began where the last one ended. @return its seconds
  double end(const char* name) {
    const std::int64_t now = trace::now();
    trace::span(name, last_, now, {"step", step_});
    return 1e-9 * static_cast<double>(now - std::exchange(last_, now));
  }
  /// So does the step.
  void end_step(std::int64_t images) const {
    trace::span("step", begin_, last_, {"step", step_}, {"images", images});
  }

 private:
  std::int64_t step_;
  std::int64_t begin_ = trace::now();
  std::int64_t last_ = begin_;
};

Trainer::Trainer(Parts parts, const Options& options)
    : parts_(std::move(parts)), options_(options) {}

StepReport Trainer::step() {
  StepReport report;
  report.epoch = cursor_.epoch;
  suspects_.clear();
  Phases phases(cursor_.step + 1);
  if (parts_.step_begins) parts_.step_begins(cursor_.step + 1);
  report.times.forward += phases.end("begin");
  StepSums mine{.stop = parts_.stop_requested()};
  for (bool last = false; !last;) {
    const MicroBatch batch = parts_.loader.next();
    report.times.data += phases.end("data");
    last = batch.last_of_step;
    report.loader.add(batch);
    if (batch.size() > 0) forward_and_backward(batch, mine, report, phases);
    if (!batch.last_of_shard || last) continue;
    parts_.reducer.end_shard(mine);
    mine = {};  // the rank's next shard begins with no gradients and no sums
    report.times.backward += phases.end("backward");
  }
  const StepSums all =
      parts_.reducer.finish(mine, cursor_.step + 1);  // gradients summed over ranks
  report.times.exposed = phases.end("exposed");
  report.lr = learning_rates(options_.schedule, cursor_.epoch, cursor_.step);
  const UpdateReport done = update(all, report.lr);
  report.times.optimizer = phases.end("optimizer");
  phases.end_step(report.loader.images);
  report.position = cursor_.next_position + all.samples;
  report.epoch_ended = advance(all);
  report.after = cursor_;
  report.samples = all.samples;
  report.loss = all.loss;
  report.hits1 = all.hits1;
  report.hits5 = all.hits5;
  report.norm = done.norm;
  report.clip = done.clip;
  report.pad_fraction = pad_fraction_of(all.picture_pixels, all.padded_pixels);
  report.applied = done.applied;
  report.bad_tensor = done.bad_tensor;
  report.stop = all.stop;
  report.epoch_sums = epoch_sums_;
  if (!report.applied) trace::instant("update skipped", {"step", cursor_.step});
  return report;
}

/// Gradients add up in place over the micro-batches of a step.
void Trainer::forward_and_backward(const MicroBatch& batch, StepSums& mine, StepReport& report,
                                   Phases& phases) {
  const at::Device device = parts_.state.device();
  const at::Tensor images = network_input(batch, device);                           // [B, 3, H, W]
  const at::Tensor labels = torch::tensor(batch.labels, torch::kInt64).to(device);  // [B]
  const double normalising = phases.end("data");
  report.loader.normalise_s += normalising;
  report.times.data += normalising;
  seed_dropout(batch);
  ForwardOptions with_dropout;
  with_dropout.training = true;
  const IntrOutput output =
      parts_.state.model().forward(images, batch.sizes, with_dropout);  // logits [B, K]
  const at::Tensor loss = classification_loss(output.logits, labels, batch.step_samples);  // 0-dim
  const auto value = loss.item<double>();
  report.times.forward += phases.end("forward");
  suspects_.add(batch.sample_ids, std::isfinite(value));
  mine.non_finite = mine.non_finite || !std::isfinite(value);
  mine.loss += value;
  mine.samples += batch.size();
  mine.picture_pixels += static_cast<double>(batch.picture_pixels());
  mine.padded_pixels += static_cast<double>(batch.padded_pixels());
  count_hits(output.logits, batch.labels, mine);
  if (batch.last_of_step) parts_.reducer.arm(mine, cursor_.step + 1);
  loss.backward();
  report.times.backward += phases.end("backward");
}

/// Dropout is a function of the samples' place in the run, so no generator state is ever saved.
void Trainer::seed_dropout(const MicroBatch& batch) const {
  const std::array<std::uint64_t, 5> place = {
      options_.seed, static_cast<std::uint64_t>(Purpose::kDropout),
      static_cast<std::uint64_t>(batch.epoch), static_cast<std::uint64_t>(batch.step),
      static_cast<std::uint64_t>(batch.first_in_step)};
  torch::manual_seed(xxh3_64(std::as_bytes(std::span(place))));
}

/// Every rank sees the same sums and gradients, so every rank decides alike.
UpdateReport Trainer::update(const StepSums& all, const std::array<double, 2>& lr) {
  UpdateReport done{.applied = false};
  if (all.non_finite) {
    done.bad_tensor = first_non_finite(parts_.state.flat());
    parts_.state.flat().grad().zero_();
  } else {
    done = parts_.optimizer.step(lr);
  }
  skips_in_a_row_ = done.applied ? 0 : skips_in_a_row_ + 1;
  if (skips_in_a_row_ >= options_.most_skips) {
    throw DivergedError(
        fmt::format("loss or gradient was not finite in {} steps in a row, last in step {} of "
                    "epoch {}; first tensor with such a gradient: {}",
                    skips_in_a_row_, cursor_.step + 1, cursor_.epoch,
                    done.bad_tensor.empty() ? "none" : done.bad_tensor),
        {}, "lower --lr or --lr-backbone, or raise --warmup-steps, and resume");
  }
  return done;
}

/// @return whether the epoch ended
bool Trainer::advance(const StepSums& all) {
  if (cursor_.next_position == 0) epoch_sums_ = {};
  if (std::isfinite(all.loss)) epoch_sums_.loss += all.loss * static_cast<double>(all.samples);
  epoch_sums_.hits1 += all.hits1;
  epoch_sums_.hits5 += all.hits5;
  epoch_sums_.samples += all.samples;
  ++cursor_.step;
  cursor_.next_position += all.samples;
  const std::int64_t whole = steps_per_epoch() * options_.batch_size;
  const bool ended = cursor_.next_position + options_.batch_size > whole;
  if (ended) {
    ++cursor_.epoch;
    cursor_.next_position = 0;
  }
  return ended;
}

void Trainer::restore(const Cursor& cursor, const EpochSums& epoch_sums,
                      std::int64_t skips_in_a_row) {
  cursor_ = cursor;
  epoch_sums_ = epoch_sums;
  skips_in_a_row_ = skips_in_a_row;
  parts_.loader.seek(cursor.epoch, cursor.next_position / options_.batch_size);
}

}  // namespace intr
