// SPDX-License-Identifier: Apache-2.0
#include "intr/train/metrics.h"

#include <cmath>

#include "intr/train/run_directory.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

double percent(std::int64_t hits, std::int64_t samples) {
  return samples == 0 ? 0 : 100.0 * static_cast<double>(hits) / static_cast<double>(samples);
}

/// Times need no more than three digits behind the point.
double rounded(double value) { return std::round(value * 1000.0) / 1000.0; }

double rate(std::int64_t samples, double seconds) {
  return seconds > 0 ? rounded(static_cast<double>(samples) / seconds) : 0;
}

/// Times of read, decode and resize are summed over the loader's threads.
Json loader_record(const LoaderReport& loader) {
  const BatchFigures& sums = loader.sums;
  return {{"images", loader.images},
          {"bytes", sums.bytes},
          {"padded_fraction", loader.pad_fraction},
          {"queue", sums.queue},
          {"wait_ms", rounded(sums.wait_s * 1e3)},
          {"read_ms", rounded(sums.read_s * 1e3)},
          {"decode_ms", rounded(sums.decode_s * 1e3)},
          {"resize_ms", rounded(sums.resize_s * 1e3)},
          {"normalise_ms", rounded(loader.normalise_s * 1e3)}};
}

}  // namespace

Json step_record(const StepReport& report, const BetweenSteps& before) {
  const StepTimes& times = report.times;
  return {{"kind", "train"},
          {"step", report.after.step},
          {"epoch", report.epoch},
          {"samples", report.position},
          {"loss", report.loss},
          {"lr", report.lr[0]},
          {"lr_backbone", report.lr[1]},
          {"norm", report.norm},
          {"clip", report.clip},
          {"applied", report.applied},
          {"acc1", percent(report.hits1, report.samples)},
          {"acc5", percent(report.hits5, report.samples)},
          {"images_s", rate(report.samples, times.total())},
          {"ms",
           {{"data", rounded(times.data * 1e3)},
            {"forward", rounded(times.forward * 1e3)},
            {"backward", rounded(times.backward * 1e3)},
            {"exposed", rounded(times.exposed * 1e3)},
            {"optimizer", rounded(times.optimizer * 1e3)},
            {"checkpoint", rounded(before.checkpoint * 1e3)},
            {"other", rounded(before.other * 1e3)}}},
          {"pad_fraction", report.pad_fraction},
          {"loader", loader_record(report.loader)},
          {"time", unix_time()}};
}

Json evaluation_record(const Evaluation& evaluation, std::int64_t step, std::int64_t epoch,
                       double seconds) {
  return {{"kind", "eval"},
          {"step", step},
          {"epoch", epoch},
          {"samples", evaluation.samples},
          {"loss", evaluation.loss},
          {"acc1", evaluation.acc1()},
          {"acc5", evaluation.acc5()},
          {"images_s", rate(evaluation.samples, seconds)},
          {"time", unix_time()}};
}

Json epoch_record(const EpochSums& sums, const Evaluation* evaluation, std::int64_t epoch,
                  double lr, std::int64_t num_parameters) {
  const double count = sums.samples == 0 ? 1 : static_cast<double>(sums.samples);
  Json record = {{"train_lr", lr},
                 {"train_loss", sums.loss / count},
                 {"train_acc1", percent(sums.hits1, sums.samples)},
                 {"train_acc5", percent(sums.hits5, sums.samples)}};
  if (evaluation != nullptr) {
    record["test_loss"] = evaluation->loss;
    record["test_acc1"] = evaluation->acc1();
    record["test_acc5"] = evaluation->acc5();
  }
  record["epoch"] = epoch;
  record["n_parameters"] = num_parameters;
  return record;
}

}  // namespace intr
