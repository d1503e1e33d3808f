// SPDX-License-Identifier: Apache-2.0
#include "loader_rounds.h"

#include <zlib.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "bench_report.h"
#include "intr/core/quantile.h"
#include "intr/data/normalize.h"
#include "intr/data/size_buckets.h"

namespace intr {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// One element of every cache line, as a network would read them all.
template <class Value>
std::uint64_t touch(std::span<const Value> values) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < values.size(); i += 64 / sizeof(Value))
    sum += static_cast<std::uint64_t>(values[i] * 16 + 64);
  return sum;
}

StepPlan step_plan(const DataIndex& index, const LoaderOptions& o) {
  return {index, o.transform, o.seed, o.batch_size, o.bucket_window, o.drop_last, o.order};
}

Json shape_of(const DataIndex& index, const LoaderRun& run, std::int64_t epoch,
              const std::vector<std::int64_t>& rows) {
  ImageSize padded{};
  Json images = Json::array();
  for (const std::int64_t row : rows) {
    const ImageSize size = plan_transform(run.options.transform, index.image_size(row),
                                          run.options.seed, static_cast<std::uint64_t>(epoch),
                                          static_cast<std::uint64_t>(index.sample_id(row)))
                               .final;
    padded = {std::max(padded.height, size.height), std::max(padded.width, size.width)};
    images.push_back({size.height, size.width});
  }
  return {{"padded", {padded.height, padded.width}}, {"images", images}};
}

}  // namespace

Json LoaderRound::json() const {
  const auto count = static_cast<double>(std::max<std::int64_t>(1, images));
  const auto padded = static_cast<double>(std::max<std::int64_t>(1, padded_pixels));
  return {{"seconds", seconds},
          {"work", images},
          {"cpu_s", cpu_s},
          {"first_batch_s", first_batch_s},
          {"padded_mpx_per_image", static_cast<double>(padded_pixels) / count / 1e6},
          {"pad_fraction", 1 - static_cast<double>(valid_pixels) / padded},
          {"read_s", read_s},
          {"decode_s", decode_s},
          {"resize_s", resize_s},
          {"pad_s", pad_s},
          {"wait_share", wait_s / seconds},
          {"read_mb_per_s", static_cast<double>(bytes) / seconds / 1e6}};
}

Json loader_shapes(const DataIndex& index, const LoaderRun& run, std::int64_t epoch) {
  Json batches = Json::array();
  if (run.training) {
    StepPlan plan = step_plan(index, run.options);
    for (std::int64_t step = 0; step < plan.steps_per_epoch(); ++step)
      batches.push_back(shape_of(index, run, epoch, plan.step(epoch, step)));
  } else {
    for (const EvaluationBatch& batch :
         plan_evaluation(index, run.options.transform, run.options.batch_size))
      batches.push_back(shape_of(index, run, 0, batch.rows));
  }
  return {{"batches", batches}};
}

LoaderRounds::LoaderRounds(const DataIndex& index, const ShardReader& reader, LoaderRun run)
    : index_(&index), reader_(&reader), run_(std::move(run)) {}

LoaderRound LoaderRounds::next() {
  LoaderRound round;
  const double cpu = processor_seconds();
  const Clock::time_point start = Clock::now();
  if (run_.training)
    train(round);
  else
    evaluate(round);
  round.seconds = since(start);
  round.cpu_s = processor_seconds() - cpu;
  ++epoch_;
  return round;
}

void LoaderRounds::train(LoaderRound& round) {
  const Clock::time_point start = Clock::now();
  TrainLoader loader(*index_, *reader_, run_.options);
  loader.seek(epoch_, 0);
  for (std::int64_t step = 0; step < loader.steps_per_epoch();) {
    const MicroBatch batch = loader.next();
    if (round.images == 0) round.first_batch_s = since(start);
    take(batch, round);
    if (batch.last_of_step) ++step;
  }
}

void LoaderRounds::evaluate(LoaderRound& round) {
  const Clock::time_point start = Clock::now();
  EvaluationLoader loader(*index_, *reader_, run_.options.transform,
                          plan_evaluation(*index_, run_.options.transform, run_.options.batch_size),
                          {.threads = run_.options.threads, .slots = run_.options.slots});
  while (const auto batch = loader.next()) {
    if (round.images == 0) round.first_batch_s = since(start);
    take(*batch, round);
  }
}

void LoaderRounds::take(const MicroBatch& batch, LoaderRound& round) {
  const BatchFigures& figures = batch.figures;
  round.wait_s += figures.wait_s;
  round.read_s += figures.read_s;
  round.decode_s += figures.decode_s;
  round.resize_s += figures.resize_s;
  round.bytes += figures.bytes;
  round.images += batch.size();
  for (const ImageSize& size : batch.sizes) round.valid_pixels += size.area();
  round.padded_pixels += batch.size() * batch.padded.area();
  if (run_.floats) {
    const Clock::time_point start = Clock::now();
    const auto values = static_cast<std::size_t>(batch.size() * batch.padded.area() * 3);
    if (input_.size() < values) input_.resize(values);
    normalize_into(batch, std::span(input_).first(values));
    round.pad_s += since(start);
    sum_ += touch(std::span<const float>(input_).first(values));
  } else {
    sum_ += touch(batch.pixels);
  }
  if (run_.consumer_ms > 0)
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(run_.consumer_ms));
}

std::vector<std::uint32_t> check_pixels(const DataIndex& index, const ShardReader& reader,
                                        std::int64_t image_size) {
  const Transform transform{Transform::Kind::kValidation, image_size};
  std::vector<std::uint32_t> sums;
  for (std::int64_t row = 0; row < std::min<std::int64_t>(16, index.size()); ++row) {
    const TransformPlan plan = plan_transform(transform, index.image_size(row), 0, 0,
                                              static_cast<std::uint64_t>(index.sample_id(row)));
    const Image image = apply_transform(plan, reader.decode(row));
    sums.push_back(static_cast<std::uint32_t>(
        crc32(0, image.rgb.data(), static_cast<uInt>(image.rgb.size()))));
  }
  return sums;
}

double resume_ms(const DataIndex& index, const LoaderOptions& options) {
  std::vector<double> times;
  for (const double share : {0.0, 0.5, 1.0}) {
    const Clock::time_point start = Clock::now();
    StepPlan plan = step_plan(index, options);
    const auto last = static_cast<double>(plan.steps_per_epoch() - 1);
    plan.step(7, static_cast<std::int64_t>(share * last));
    times.push_back(1e3 * since(start));
  }
  return median(times);
}

}  // namespace intr
