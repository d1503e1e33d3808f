// SPDX-License-Identifier: Apache-2.0
#include "model_bench.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "bench_report.h"
#include "intr/core/error.h"
#include "intr/core/formula.h"
#include "intr/core/stopwatch.h"
#include "intr/io/json_file.h"
#include "intr/model/multiply_adds.h"
#include "intr/model/parameter_table.h"
#include "intr/model/pointwise.h"
#include "intr/model/precision.h"
#include "intr/model/reference_math.h"
#include "intr/train/device_mark.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

/// [2, 3, 160, 224]: the pictures that the logits are compared for.
at::Tensor check_images(const std::vector<ImageSize>& sizes) {
  at::Tensor images = torch::zeros({2, 3, 160, 224});
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    const ImageSize size = sizes[k];
    const std::vector<double> units = formula_units("check" + std::to_string(k), 3 * size.area());
    const at::Tensor picture =
        2 * torch::tensor(units).view({3, size.height, size.width}).to(torch::kFloat32);
    images[static_cast<std::int64_t>(k)]
        .narrow(1, 0, size.height)
        .narrow(2, 0, size.width)
        .copy_(picture);
  }
  return images;
}

double gflop_of(const ModelConfig& model, const std::vector<BatchShape>& batches, bool training) {
  double sum = 0;
  for (const BatchShape& batch : batches) {
    const MultiplyAdds one = multiply_adds(model, batch.padded, "stem");
    sum += static_cast<double>(batch.images.size()) * (training ? one.step() : one.forward());
  }
  return 2e-9 * sum;
}

/// The most that is multiplied here, in 10^9 operations a second: large square matrices, by each
/// library that LibTorch may take, the best of a few.
double peak_gflop_per_s(at::Device device, at::ScalarType type) {
  const torch::NoGradGuard no_gradients;
  const std::int64_t side = device.is_cpu() ? 3072 : 8192;
  const auto options = torch::TensorOptions(device).dtype(torch::kFloat32);
  const at::Tensor a = torch::randn({1, side, side}, options).to(type);
  const at::Tensor b = torch::randn({side, side}, options).to(type);
  const at::Tensor none = torch::zeros({side}, options);
  double best = 0;
  for (int i = 0; i < 8; ++i) {  // the first two warm up
    DeviceMark(device).wait();
    Stopwatch watch;
    const at::Tensor product = i % 2 == 0 ? at::matmul(a, b) : linear_in_type_of(a, b, none);
    DeviceMark(device).wait();
    best = std::max(best, 2e-9 * std::pow(static_cast<double>(side), 3) / watch.lap());
  }
  return best;
}

}  // namespace

void describe_model(ModelBench& o, OptionSet& set) {
  set.group("Model").add("classes", o.classes, "classes, each with a query");
  describe(o.model, set);
  describe(o.batches, set);
  describe(o.place, set);
  describe_precision(o.precision, set);
  describe_reference_math(o.reference_math, set);
}

void describe_rounds(ModelBench& o, OptionSet& set) {
  set.group("How")
      .add("rounds", o.rounds, "rounds that are timed, after two to warm up")
      .add("quick", o.quick, "two rounds")
      .add("json", o.json, "write the result to this file, too");
}

void describe_serve(ModelBench& o, OptionSet& set) {
  set.add("serve", o.serve, "take part in rounds that scripts/bench/rounds.py leads");
}

void validate(ModelBench& o) {
  require_range("classes", o.classes, 1, 1'000'000);
  require_range("rounds", o.rounds, 1, 10'000);
  validate_precision(o.precision);
  if (o.quick) o.rounds = 2;
  o.model.num_classes = o.classes;
  o.model.validate();
}

TensorMap bench_weights(const ModelConfig& config) {
  TensorMap tensors;
  for (const ParameterRow& row : parameter_table(config)) {
    std::vector<float> values = formula_weight(row.name, row.shape);
    if (row.name.ends_with("out_proj.weight") || row.name.ends_with("linear2.weight"))
      for (float& value : values) value /= 4;
    tensors[row.name] = torch::tensor(values).view(row.shape);
  }
  return tensors;
}

std::vector<float> check_logits(const Intr& model, at::Device device) {
  const torch::NoGradGuard no_gradients;
  const std::vector<ImageSize> sizes = {{160, 192}, {128, 224}};
  const at::Tensor images =
      check_images(sizes).contiguous(torch::MemoryFormat::ChannelsLast).to(device);
  const at::Tensor logits =
      model.forward(images, sizes).logits.to(torch::kCPU, torch::kFloat32).contiguous();
  const float* first = logits.const_data_ptr<float>();
  return {first, first + logits.numel()};
}

Json ready_line(const ModelBench& o, const std::vector<float>& check) {
  return {{"check", check}, {"tolerance", o.precision == "fp32" ? 1e-5 : 0.05}};
}

double number(const Json& round, const char* name) { return round.at(name).get<double>(); }

Json spread_of(const Json& rounds, const std::function<double(const Json&)>& value) {
  std::vector<double> values;
  for (const Json& round : rounds) values.push_back(value(round));
  return spread(values);
}

void add_rate(const ModelBench& o, const std::vector<BatchShape>& batches, bool training,
              at::Device device, const Json& rounds, Json& facts, Json& summary) {
  const double gflop = gflop_of(o.model, batches, training);
  summary["gflop_per_s"] =
      spread_of(rounds, [=](const Json& r) { return gflop / number(r, "seconds"); });
  if (facts.at("ranks") != 1) return;  // others would compute beside the measurement
  const double peak = peak_gflop_per_s(device, take_precision(o.precision, device));
  facts["peak_gflop_per_s"] = peak;
  summary["share_of_peak"] =
      spread_of(rounds, [=](const Json& r) { return gflop / number(r, "seconds") / peak; });
}

void print_summary(const Json& facts, const Json& summary) {
  fmt::print("{} rank(s), {} threads each, {}, {} batch(es) a round, {:.1f} % padding\n",
             facts.at("ranks").get<int>(), facts.at("threads").get<int>(),
             facts.at("precision").get<std::string>(), facts.at("batches_per_round").get<int>(),
             100 * facts.at("pad_fraction").get<double>());
  const auto line = [](const std::string& name, const Json& figure) {
    fmt::print("  {:<20}{:.3f}  ({:.3f} to {:.3f})\n", name, figure.at("median").get<double>(),
               figure.at("p10").get<double>(), figure.at("p90").get<double>());
  };
  for (const auto& [name, figure] : summary.items()) {
    if (name != "phase_s") {
      line(name, figure);
      continue;
    }
    for (const auto& [phase, seconds] : figure.items()) line(phase, seconds);
  }
}

void write_result(const std::string& file, const std::string& bench, const BenchResult& result) {
  if (file.empty()) return;
  write_json(file, {{"schema", "intr-bench/1"},
                    {"bench", bench},
                    {"machine", machine_facts()},
                    {"build", build_facts()},
                    {"options", result.options},
                    {"facts", result.facts},
                    {"warmup", result.warmup},
                    {"rounds", result.rounds},
                    {"summary", result.summary},
                    {"peak_rss_mb", peak_rss_mb()}});
}

}  // namespace intr
