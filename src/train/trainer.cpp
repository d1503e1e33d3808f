// SPDX-License-Identifier: Apache-2.0
#include "intr/train/trainer.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>
#include <vector>

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

/// A micro-batch as the network takes it.
struct Trainer::Input {
  /// The device may read the batch's memory until then.
  ~Input() {
    try {
      if (copied) copied->wait();
    } catch (...) {  // the GPU failed: whoever works with it next hears of it
    }
  }
  MicroBatch batch;
  at::Tensor images;                 ///< [B, 3, H, W]; undefined without pictures
  at::Tensor labels;                 ///< [B]
  std::optional<DeviceMark> copied;  ///< the device has all of the batch

  void send(at::Device device) {
    if (batch.size() == 0) return;
    images = network_input(batch, device);
    labels = at::tensor(batch.labels, at::kLong).to(device, /*non_blocking=*/true);
    copied.emplace(device);
  }
};

Trainer::Trainer(Parts parts, const Options& options)
    : parts_(std::move(parts)),
      options_(options),
      device_(parts_.state.device()),
      queued_(options.queued || !device_.is_cpu()),
      clock_(device_),
      tally_(device_) {}
Trainer::~Trainer() = default;

StepReport Trainer::step() {
  StepReport report;
  report.epoch = cursor_.epoch;
  suspects_.clear();
  tally_.forget_samples();
  clock_.begin(cursor_.step + 1);
  if (parts_.step_begins) parts_.step_begins(cursor_.step + 1);
  clock_.end("begin", &StepTimes::forward);
  StepSums mine{.stop = parts_.stop_requested()};
  for (bool last = false; !last;) {
    const std::unique_ptr<const Input> input = next_input(report);
    const MicroBatch& batch = input->batch;
    last = batch.last_of_step;
    if (batch.size() > 0) forward_and_backward(*input, mine);
    if (!batch.last_of_shard || last) continue;
    parts_.reducer.end_shard(share_of(mine));
    mine = {};  // the rank's next shard begins with no gradients and no sums
    clock_.end("backward", &StepTimes::backward);
  }
  report.lr = learning_rates(options_.schedule, cursor_.epoch, cursor_.step);
  StepSums all;
  const UpdateReport done =
      queued_ ? finish_queued(mine, report.lr, all) : finish(mine, report.lr, all);
  count_skip(done);
  clock_.end_step(report.loader.images);
  report.times = clock_.take();
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

std::unique_ptr<Trainer::Input> Trainer::read_input() {
  auto input = std::make_unique<Input>();
  input->batch = parts_.loader.next();
  return input;
}

/// The step's next micro-batch, on the device or on its way there.
std::unique_ptr<Trainer::Input> Trainer::next_input(StepReport& report) {
  if (ahead_failure_) std::rethrow_exception(std::exchange(ahead_failure_, nullptr));
  std::unique_ptr<Input> input = ahead_ ? std::move(ahead_) : read_input();
  clock_.end("data", &StepTimes::data);
  report.loader.add(input->batch);
  if (!input->images.defined()) input->send(device_);
  report.loader.normalise_s += clock_.end("data", &StepTimes::data);
  return input;
}

/// Gradients add up in place over the micro-batches of a step.
void Trainer::forward_and_backward(const Input& input, StepSums& mine) {
  const MicroBatch& batch = input.batch;
  seed_dropout(batch);
  ForwardOptions with_dropout;
  with_dropout.training = true;
  const IntrOutput output =
      parts_.state.model().forward(input.images, batch.sizes, with_dropout);  // logits [B, K]
  const at::Tensor loss =
      classification_loss(output.logits, input.labels, batch.step_samples);  // 0-dim
  if (queued_) {
    tally_.add(batch.sample_ids, output.logits, input.labels, loss);
  } else {
    const auto value = loss.item<double>();
    suspects_.add(batch.sample_ids, std::isfinite(value));
    mine.non_finite = mine.non_finite || !std::isfinite(value);
    mine.loss += value;
    count_hits(output.logits, batch.labels, mine);
  }
  clock_.end("forward", &StepTimes::forward);
  mine.samples += batch.size();
  mine.picture_pixels += static_cast<double>(batch.picture_pixels());
  mine.padded_pixels += static_cast<double>(batch.padded_pixels());
  if (batch.last_of_step) parts_.reducer.arm(share_of(mine), cursor_.step + 1);
  loss.backward();
  clock_.end("backward", &StepTimes::backward);
}

GradientReducer::Share Trainer::share_of(const StepSums& mine) {
  return {mine, queued_ ? tally_.take() : at::Tensor()};
}

/// Every rank sees the same sums and gradients, so every rank decides alike.
UpdateReport Trainer::finish(const StepSums& mine, const std::array<double, 2>& lr, StepSums& all) {
  all = parts_.reducer.finish(mine, cursor_.step + 1);  // gradients summed over ranks
  clock_.end("exposed", &StepTimes::exposed);
  UpdateReport done{.applied = false};
  if (all.non_finite) {
    done.bad_tensor = first_non_finite(parts_.state.flat());
    parts_.state.flat().grad().zero_();
  } else {
    done = parts_.optimizer.step(lr);
  }
  clock_.end("optimizer", &StepTimes::optimizer);
  return done;
}

/// The same decision on every rank, taken by the device and read by the host.
UpdateReport Trainer::finish_queued(const StepSums& mine, const std::array<double, 2>& lr,
                                    StepSums& all) {
  const at::NoGradGuard no_grad;
  parts_.reducer.sum(share_of(mine), cursor_.step + 1);
  clock_.end("exposed", &StepTimes::exposed);
  const at::Tensor tail = parts_.state.flat().tail().to(at::kDouble);
  const at::Tensor measured = parts_.optimizer.measure(tail[StepSums::kNonFinite]);
  const HostCopy outcome(at::cat({tail, measured}));
  parts_.optimizer.enqueue(lr, measured);
  clock_.end("optimizer", &StepTimes::optimizer);
  read_ahead();
  clock_.end("data", &StepTimes::data);
  const std::vector<double> values = [&outcome] {
    const trace::Scope scope("wait for the device");
    return outcome.wait();
  }();
  parts_.reducer.require_whole();
  std::array<float, FlatState::kTailValues> sums = {};
  std::transform(values.begin(), values.begin() + sums.size(), sums.begin(),
                 [](double value) { return static_cast<float>(value); });
  all = StepSums::unpacked(sums);
  const UpdateReport done = parts_.optimizer.settle(std::span(values).last<3>());
  if (!done.applied) suspects_ = tally_.suspects();
  return done;
}

/// What goes wrong with the next batch is that step's affair.
void Trainer::read_ahead() {
  try {
    ahead_ = read_input();
    ahead_->send(device_);
  } catch (...) {
    ahead_.reset();
    ahead_failure_ = std::current_exception();
  }
}

/// Dropout is a function of the samples' place in the run, so no generator state is ever saved.
void Trainer::seed_dropout(const MicroBatch& batch) const {
  const std::array<std::uint64_t, 5> place = {
      options_.seed, static_cast<std::uint64_t>(Purpose::kDropout),
      static_cast<std::uint64_t>(batch.epoch), static_cast<std::uint64_t>(batch.step),
      static_cast<std::uint64_t>(batch.first_in_step)};
  torch::manual_seed(xxh3_64(std::as_bytes(std::span(place))));
}

void Trainer::count_skip(const UpdateReport& done) {
  skips_in_a_row_ = done.applied ? 0 : skips_in_a_row_ + 1;
  if (skips_in_a_row_ < options_.most_skips) return;
  throw DivergedError(
      fmt::format("loss or gradient was not finite in {} steps in a row, last in step {} of "
                  "epoch {}; first tensor with such a gradient: {}",
                  skips_in_a_row_, cursor_.step + 1, cursor_.epoch,
                  done.bad_tensor.empty() ? "none" : done.bad_tensor),
      {}, "lower --lr or --lr-backbone, or raise --warmup-steps, and resume");
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
  ahead_.reset();
  ahead_failure_ = nullptr;
  static_cast<void>(tally_.take());
  parts_.loader.seek(cursor.epoch, cursor.next_position / options_.batch_size);
}

}  // namespace intr
