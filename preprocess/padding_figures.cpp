// SPDX-License-Identifier: Apache-2.0
#include "preprocess/padding_figures.h"

#include <algorithm>
#include <vector>

#include "intr/core/error.h"
#include "intr/data/evaluation_plan.h"
#include "intr/data/size_buckets.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kSeed = 42;

void add_batch(PaddingFigures& figures, const std::vector<ImageSize>& sizes) {
  ImageSize largest;
  for (const ImageSize& size : sizes) {
    figures.pixels += size.area();
    largest.height = std::max(largest.height, size.height);
    largest.width = std::max(largest.width, size.width);
  }
  figures.pictures += std::ssize(sizes);
  figures.padded += largest.area() * std::ssize(sizes);
}

ImageSize final_size(const DataIndex& index, const Transform& transform, std::int64_t row) {
  return plan_transform(transform, index.image_size(row), kSeed, 0,
                        static_cast<std::uint64_t>(index.sample_id(row)))
      .final;
}

template <class Plan>
void add(Json& result, const char* name, const Plan& plan) {
  try {
    result[name] = plan().json();
  } catch (const DataError& error) {
    result[name] = nullptr;
    result["error"] = error.what();
  }
}

}  // namespace

double PaddingFigures::share() const {
  return padded == 0 ? 0 : 1 - static_cast<double>(pixels) / static_cast<double>(padded);
}

Json PaddingFigures::json() const {
  const auto each = static_cast<double>(std::max(pictures, std::int64_t{1}));
  return {{"share", share()}, {"padded_pixels_each", static_cast<double>(padded) / each}};
}

PaddingFigures training_padding(const DataIndex& index, const Transform& transform,
                                std::int64_t batch_size, std::int64_t window) {
  StepPlan plan(index, transform, kSeed, batch_size, window, false);
  PaddingFigures figures;
  for (std::int64_t step = 0; step < plan.steps_per_epoch(); ++step) {
    std::vector<ImageSize> sizes;
    for (const std::int64_t row : plan.step(0, step))
      sizes.push_back(final_size(index, transform, row));
    add_batch(figures, sizes);
  }
  return figures;
}

PaddingFigures evaluation_padding(const DataIndex& index, const Transform& transform,
                                  std::int64_t batch_size) {
  PaddingFigures figures;
  for (const EvaluationBatch& batch : plan_evaluation(index, transform, batch_size)) {
    std::vector<ImageSize> sizes;
    for (const std::int64_t row : batch.rows) sizes.push_back(final_size(index, transform, row));
    add_batch(figures, sizes);
  }
  return figures;
}

PaddingFigures consecutive_padding(const DataIndex& index, const Transform& transform,
                                   std::int64_t batch_size) {
  PaddingFigures figures;
  for (std::int64_t first = 0; first < index.size(); first += batch_size) {
    std::vector<ImageSize> sizes;
    for (std::int64_t row = first; row < std::min(first + batch_size, index.size()); ++row)
      sizes.push_back(final_size(index, transform, row));
    add_batch(figures, sizes);
  }
  return figures;
}

Json padding_statistics(const DataIndex& index, std::int64_t batch_size, std::int64_t window) {
  const Transform train = Transform::parse("train");
  const Transform val = Transform::parse("val");
  Json of_train = Json::object(), of_val = Json::object();
  add(of_train, "plain", [&] { return training_padding(index, train, batch_size, 1); });
  add(of_train, "bucketed", [&] { return training_padding(index, train, batch_size, window); });
  add(of_val, "plain", [&] { return consecutive_padding(index, val, batch_size); });
  add(of_val, "bucketed", [&] { return evaluation_padding(index, val, batch_size); });
  return {
      {"batch_size", batch_size}, {"bucket_window", window}, {"train", of_train}, {"val", of_val}};
}

}  // namespace intr
