// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_scorer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "intr/attention/cell_order.h"
#include "intr/attention/head_ablation.h"
#include "intr/attention/map_extractor.h"
#include "intr/attention/perturbation.h"
#include "intr/attention/rank_correlation.h"
#include "intr/attention/target_scores.h"
#include "intr/core/error.h"
#include "intr/data/network_input.h"

namespace intr {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Of logits of the dump and of now, relative to the largest; with products in tf32 or bf16.
constexpr double kTolerance = 1e-3;
constexpr double kReducedTolerance = 0.05;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string where_of(const DumpSample& sample) {
  return fmt::format("sample {}", sample.sample_id);
}

/// The picture on the canvas that it had in the dump: what is beside it changes the maps.
at::Tensor on_canvas(const at::Tensor& picture, ImageSize canvas) {
  const std::int64_t right = canvas.width - picture.size(3);
  const std::int64_t below = canvas.height - picture.size(2);
  if (right == 0 && below == 0) return picture;
  return at::constant_pad_nd(picture, {0, right, 0, below})
      .contiguous(at::MemoryFormat::ChannelsLast);
}

/// Of values of all cells [h, w] those of the valid ones, which lie at the top left.
template <class T>
std::vector<T> valid_cells(std::span<const double> cells, const IntrOutput& encoded,
                           ImageSize valid) {
  std::vector<T> kept;
  kept.reserve(static_cast<std::size_t>(valid.area()));
  for (std::int64_t row = 0; row < valid.height; ++row)
    for (std::int64_t column = 0; column < valid.width; ++column)
      kept.push_back(
          static_cast<T>(cells[static_cast<std::size_t>(row * encoded.feature_width + column)]));
  return kept;
}

/// The dump's logits must come out again, or the measures are of another network than the maps.
/// @param logits [1, K] on the CPU
void require_logits(const at::Tensor& logits, const DumpSample& stored, bool reduced_precision) {
  const double share = reduced_precision ? kReducedTolerance : kTolerance;
  const double peak = logits.abs().max().item<double>();
  for (std::size_t i = 0; i < stored.top_class.size(); ++i) {
    const auto here = logits[0][stored.top_class[i]].item<double>();
    if (std::abs(here - double{stored.top_logit[i]}) > share * std::max(1.0, peak))
      throw DataError(fmt::format("the logit of class {} is {:.6g} in the dump and {:.6g} computed "
                                  "again",
                                  stored.top_class[i], stored.top_logit[i], here),
                      where_of(stored),
                      "give model, options and kind of machine as intr-attend had them");
  }
}

/// Mean over heads of a query's map. @return [valid cells]
std::vector<double> mean_map(const CrossAttentionCapture& capture, const IntrOutput& encoded,
                             std::int64_t query, ImageSize valid) {
  const at::Tensor chosen =
      at::tensor(std::vector<std::int64_t>{query}, capture.key.options().dtype(at::kLong));
  const at::Tensor maps =
      cross_attention_maps(capture, chosen.view({1, 1}), encoded.feature_padding.flatten(1));
  const at::Tensor mean = maps.mean(1).flatten().to(at::kCPU, at::kDouble).contiguous();
  return valid_cells<double>(
      {mean.const_data_ptr<double>(), static_cast<std::size_t>(mean.numel())}, encoded, valid);
}

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// Exactly 1 for equal maps.
double cosine(std::span<const double> a, std::span<const double> b) {
  return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
}

/// Share of a map's mass. @param inside [S] share of each cell in the box; empty = no box
double mass_inside(std::span<const double> map, std::span<const double> inside) {
  if (inside.empty()) return kNaN;
  return dot(map, inside) / std::accumulate(map.begin(), map.end(), 0.0);
}

/// How much of what is negative there is.
double negative_share(std::span<const double> values) {
  double negative = 0, all = 0;
  for (const double value : values) {
    all += std::abs(value);
    if (value < 0) negative -= value;
  }
  return all > 0 ? negative / all : kNaN;
}

/// One variant of the picture that the curves need, and the points that it makes.
struct CurveWork {
  PerturbedPicture::Variant variant;
  std::vector<TargetScore*> points;
};

/// Every variant once: without any cell all orders are alike, and so they are without all.
std::vector<CurveWork> curve_work(const std::vector<std::vector<std::int64_t>>& orders,
                                  const TargetScore& full, SampleCurves& curves) {
  std::vector<CurveWork> work;
  const std::int64_t cells = std::ssize(orders[0]);
  for (const CurveKind kind : kCurveKinds) {
    // The unchanged picture is there already.
    const std::int64_t full_step = kind == CurveKind::kDeletion ? 0 : kCurveSteps;
    for (std::int64_t step = 0; step <= kCurveSteps; ++step) {
      const bool alike = step == 0 || step == kCurveSteps;
      for (const CellOrder order : kCellOrders) {
        TargetScore& point = curves.at(kind, order)[static_cast<std::size_t>(step)];
        if (step == full_step) {
          point = full;
        } else if (alike && order != kCellOrders.front()) {
          work.back().points.push_back(&point);
        } else {
          const auto number = static_cast<std::size_t>(order);
          work.push_back({{kind, &orders[number], cells_at_step(cells, step)}, {&point}});
        }
      }
    }
  }
  return work;
}

constexpr std::int64_t kCurvePasses =
    std::ssize(kCurveKinds) * (std::ssize(kCellOrders) * (kCurveSteps - 1) + 1);

}  // namespace

/// What the first forward pass gave.
struct ModelScorer::Picture {
  const at::Tensor& input;  ///< [1, 3, Hp, Wp]
  const IntrOutput& encoded;
  std::int64_t target;
  std::string where;  ///< for messages

  const CrossAttentionCapture& captured(std::int64_t layer) const {
    for (const CrossAttentionCapture& capture : encoded.captured)
      if (capture.layer == layer) return capture;
    throw InternalError(fmt::format("layer {} was not captured", layer));
  }
};

ModelScorer::ModelScorer(const Setup& setup)
    : setup_(setup), last_layer_(setup.model.config().dec_layers - 1) {}

std::int64_t ModelScorer::forward_passes(const ModelScoreOptions& options, std::int64_t num_stages,
                                         bool has_map, bool randomized) {
  std::int64_t passes = 1;
  if (options.wants("curves") && has_map) passes += kCurvePasses;
  if (options.wants("randomization") && randomized) passes += num_stages;
  return passes;
}

IntrOutput ModelScorer::look(const at::Tensor& picture, const ScoredSample& sample) {
  const auto start = Clock::now();
  ForwardOptions options;
  options.capture_layers = {setup_.layer};
  if (setup_.layer != last_layer_) options.capture_layers.push_back(last_layer_);
  options.keep_memory = setup_.layer != last_layer_;
  IntrOutput output = setup_.model.forward(picture, {sample.stored->resized_size}, options);
  output.logits = output.logits.to(at::kCPU);  // waits for the device
  if (!output.logits.isfinite().all().item<bool>())
    throw DataError("logits are not finite", where_of(*sample.stored),
                    "run intr-weights verify on the checkpoint and intr-pack verify on the data "
                    "set");
  times_.forward_s += seconds_since(start);
  ++times_.forwards;
  if (setup_.advance) setup_.advance(1);
  return output;
}

std::optional<ModelSampleScores> ModelScorer::score(const MicroBatch& batch,
                                                    const ScoredSample& sample) {
  const at::NoGradGuard no_grad;
  const at::Tensor input =
      on_canvas(network_input(batch, setup_.device), sample.stored->padded_size);
  const IntrOutput encoded = look(input, sample);
  const auto valid = encoded.feature_padding.logical_not().sum().item<std::int64_t>();
  if (valid != sample.stored->grid.area())
    throw InternalError(fmt::format("sample {} has {} cells instead of {}",
                                    sample.stored->sample_id, valid, sample.stored->grid.area()));
  require_logits(encoded.logits, *sample.stored, setup_.reduced_precision);
  ModelSampleScores scores;
  scores.sample_id = sample.stored->sample_id;
  scores.label = sample.stored->label;
  scores.predicted = sample.stored->top_class.at(0);
  scores.target = setup_.options.target == "true" ? scores.label : scores.predicted;
  const auto* logits = encoded.logits.const_data_ptr<float>();
  scores.logits.assign(logits, logits + encoded.logits.numel());
  if (scores.target < 0) return scores;
  const Picture picture{input, encoded, scores.target, where_of(*sample.stored)};
  if (setup_.options.wants("heads")) add_heads(picture, scores);
  std::vector<float> phi;
  if (setup_.options.wants("values") || setup_.options.map == "value")
    add_values(picture, sample, scores, phi);
  const std::vector<float>& map = setup_.options.map == "value" ? phi : sample.map;
  if (setup_.options.wants("curves") && !map.empty() && !add_curves(picture, sample, map, scores))
    return {};
  if (setup_.options.wants("randomization") && sample.randomized &&
      !add_randomization(picture, sample, scores))
    return {};
  return scores;
}

void ModelScorer::add_heads(const Picture& picture, ModelSampleScores& scores) {
  const auto start = Clock::now();
  const HeadAblation ablation(setup_.model, picture.encoded, picture.captured(setup_.layer),
                              picture.target, ablation_named(setup_.options.ablate), picture.where);
  HeadScores found;
  ablation.ablate_each(found);
  times_.heads_s += seconds_since(start);
  ablation.remove_greedily(found);
  scores.heads = std::move(found);
}

void ModelScorer::add_values(const Picture& picture, const ScoredSample& sample,
                             ModelSampleScores& scores, std::vector<float>& phi) const {
  const ValueAttribution found =
      attribute_values(setup_.model, picture.encoded, picture.captured(last_layer_), picture.target,
                       setup_.reduced_precision, picture.where);
  const ImageSize valid = sample.stored->grid;
  phi = valid_cells<float>(found.phi, picture.encoded, valid);
  if (!setup_.options.wants("values")) return;
  const auto cells = [&](const std::vector<double>& values) {
    return valid_cells<double>(values, picture.encoded, valid);
  };
  const std::vector<double> mean = cells(found.mean_map);
  scores.values =
      ValueScores{.rank_correlation = rank_correlation(cells(found.phi), mean),
                  .length_rank_correlation = rank_correlation(cells(found.length), mean),
                  .negative_share = negative_share(found.phi),
                  .completeness_error = found.completeness_error,
                  .map = setup_.keep_value_maps ? phi : std::vector<float>()};
}

bool ModelScorer::add_curves(const Picture& picture, const ScoredSample& sample,
                             const std::vector<float>& map, ModelSampleScores& scores) const {
  const DumpSample& stored = *sample.stored;
  const Geometry geometry = geometry_named(setup_.options.geometry);
  const std::int64_t stride = setup_.model.config().stride();
  std::vector<std::vector<std::int64_t>> orders = {order_by_map(map)};
  for (std::int64_t which = 0; which < kRandomOrders; ++which)
    orders.push_back(
        order_at_random(stored.grid.area(), setup_.options.seed, stored.sample_id, which));
  orders.push_back(order_from_center(CellPlaces(stored, stride, geometry)));
  const PerturbedPicture perturbed(
      picture.input, make_cell_grid(stored.grid, stored.resized_size, stride, geometry));
  SampleCurves curves;
  const TargetScores full(picture.encoded.logits, picture.target, where_of(stored));
  const std::vector<CurveWork> work = curve_work(orders, full.score(0), curves);
  const auto at_once = static_cast<std::size_t>(setup_.options.batch_size);
  for (std::size_t first = 0; first < work.size(); first += at_once) {
    if (stopping()) return false;
    const std::span<const CurveWork> some =
        std::span(work).subspan(first, std::min(at_once, work.size() - first));
    std::vector<PerturbedPicture::Variant> variants;
    for (const CurveWork& one : some) variants.push_back(one.variant);
    const IntrOutput output = setup_.model.forward(
        perturbed.make(variants), std::vector<ImageSize>(some.size(), stored.resized_size));
    const TargetScores found(output.logits, picture.target, where_of(stored));
    for (std::size_t i = 0; i < some.size(); ++i)
      for (TargetScore* point : some[i].points) *point = found.score(static_cast<std::int64_t>(i));
    if (setup_.advance) setup_.advance(std::ssize(some));
  }
  scores.curves = curves;
  return true;
}

bool ModelScorer::add_randomization(const Picture& picture, const ScoredSample& sample,
                                    ModelSampleScores& scores) {
  if (!randomized_)
    randomized_.emplace(setup_.model, setup_.products,
                        static_cast<std::uint64_t>(setup_.options.seed));
  const DumpSample& stored = *sample.stored;
  const std::vector<double> original =
      mean_map(picture.captured(setup_.layer), picture.encoded, picture.target, stored.grid);
  std::vector<double> inside;
  if (sample.box)
    inside =
        CellPlaces(stored, setup_.model.config().stride(), geometry_named(setup_.options.geometry))
            .shares_in(*sample.box);
  const std::vector<double> uniform(original.size(), 1.0);
  RandomizationScores found;
  found.uniform_cosine = cosine(original, uniform);
  found.box_uniform = mass_inside(uniform, inside);
  ForwardOptions options;
  options.capture_layers = {setup_.layer};
  randomized_->restore();
  for (std::size_t stage = 0; stage < randomized_->stages().size(); ++stage) {
    if (stopping()) return false;
    randomized_->randomize_next();
    const IntrOutput output =
        randomized_->model().forward(picture.input, {stored.resized_size}, options);
    const std::vector<double> map =
        mean_map(output.captured.at(0), output, picture.target, stored.grid);
    found.stages.push_back(
        {rank_correlation(original, map), cosine(original, map), mass_inside(map, inside)});
    if (setup_.advance) setup_.advance(1);
  }
  scores.randomization = std::move(found);
  return true;
}

}  // namespace intr
