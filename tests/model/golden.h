// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "intr/core/hash.h"
#include "intr/model/intr.h"
#include "intr/model/parameter_table.h"
#include "intr/weights/weight_file.h"
#include "support/small_model.h"

namespace intr::test {

/// One file of tests/golden/model, made by make_model_golden.py, which documents its contents.
class GoldenCase {
 public:
  explicit GoldenCase(const std::string& name)
      : file_(std::string(INTR_GOLDEN) + "/" + name + ".safetensors"),
        golden_(nlohmann::json::parse(file_.metadata().at("golden"))) {}

  ModelConfig config() const {
    const nlohmann::json& c = golden_.at("config");
    ModelConfig config;
    config.backbone = c.at("backbone");
    config.dilation = c.at("dilation");
    config.position_embedding = c.at("position_embedding");
    config.enc_layers = c.at("enc_layers");
    config.dec_layers = c.at("dec_layers");
    config.hidden_dim = c.at("hidden_dim");
    config.nheads = c.at("nheads");
    config.dim_feedforward = c.at("dim_feedforward");
    config.pre_norm = c.at("pre_norm");
    config.num_classes = c.at("num_classes");
    config.dropout = 0;
    return config;
  }
  std::vector<ImageSize> sizes() const {
    std::vector<ImageSize> sizes;
    for (const auto& size : golden_.at("sizes")) sizes.push_back({size.at(0), size.at(1)});
    return sizes;
  }
  std::uint64_t seed() const { return golden_.at("seed"); }
  at::Tensor images() const { return formula_images(sizes(), seed()); }
  at::Tensor labels() const {
    return torch::tensor(file_.values<std::int64_t>("labels"), at::kLong);
  }
  at::Tensor tensor(const std::string& name) const {
    return to_tensor(file_.values<float>(name), file_.entry(name).shape);
  }
  at::Tensor flags(const std::string& name) const {
    const TensorEntry& entry = file_.entry(name);
    at::Tensor result = torch::empty(entry.shape, at::kBool);
    file_.read(entry, {static_cast<std::byte*>(result.data_ptr()), entry.bytes});
    return result;
  }
  double recipe(const char* name) const { return golden_.at("recipe").at(name); }
  /// Ten times what single precision itself is off.
  double tolerance(const char* kind) const {
    return 10 * golden_.at("float64_difference").at(kind).get<double>();
  }
  bool gradient_is_zero(const std::string& name) const {
    const auto& names = golden_.at("zero_gradients");
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  /// The formula must have made the very weights of the script.
  void check_weights(const TensorMap& tensors) const {
    const nlohmann::json& hashes = golden_.at("weights_xxh3");
    ASSERT_EQ(hashes.size(), tensors.size());
    for (const auto& [name, tensor] : tensors) {
      const at::Tensor values = tensor.detach().contiguous();
      const auto bytes = std::as_bytes(
          std::span(values.data_ptr<float>(), static_cast<std::size_t>(values.numel())));
      ASSERT_EQ(fmt::format("{:016x}", xxh3_64(bytes)), hashes.at(name)) << name;
    }
  }

  void expect_near(const char* kind, const at::Tensor& got) const {
    const at::Tensor expected = tensor(kind);
    ASSERT_EQ(got.sizes(), expected.sizes()) << kind;
    EXPECT_LE((got - expected).abs().max().item<double>(), tolerance(kind) + 1e-12) << kind;
  }
  void expect_relatively_near(const char* kind, const std::vector<double>& got) const {
    const at::Tensor expected = tensor(kind).to(at::kDouble);
    const at::Tensor difference = (torch::tensor(got, at::kDouble) - expected).abs();
    EXPECT_LE((difference / expected.abs().clamp_min(1e-12)).max().item<double>(), tolerance(kind))
        << kind << " " << torch::tensor(got, at::kDouble) << " " << expected;
  }

  /// Compares what the file has of a parameter's first gradient.
  void expect_gradient(const std::string& name, const at::Tensor& gradient) const {
    ASSERT_TRUE(gradient.defined()) << name;
    const at::Tensor got = sample(gradient);
    const at::Tensor expected = tensor("gradient/" + name);
    if (gradient_is_zero(name)) {
      EXPECT_LE(got.abs().max().item<float>(), 1e-5F) << name;
    } else {
      EXPECT_LE(relative(got, expected, expected), tolerance("gradient")) << name;
    }
  }
  /// Compares what the file has of a parameter after the three steps.
  void expect_trained(const ParameterRow& row, const at::Tensor& parameter) const {
    const at::Tensor start =
        sample(to_tensor(formula_weight(row.name, row.shape, seed()), row.shape));
    const at::Tensor got = sample(parameter);
    const at::Tensor expected = tensor("after/" + row.name);
    if (gradient_is_zero(row.name)) {  // rounding noise, which AdamW turns into steps of lr
      const double lr = recipe(row.group == 0 ? "lr" : "lr_backbone");
      EXPECT_LE((got - expected).abs().max().item<double>(), 3 * lr * 1.01) << row.name;
    } else {
      EXPECT_LE(relative(got, expected, expected - start), tolerance("update")) << row.name;
    }
  }

 private:
  /// What the file holds of a tensor: every s-th value in row-major order.
  static at::Tensor sample(const at::Tensor& tensor) {
    std::int64_t step = (tensor.numel() + 63) / 64;
    while (std::gcd(step, std::int64_t{42}) > 1) ++step;
    return tensor.detach().contiguous().flatten().slice(0, 0, tensor.numel(), step);
  }
  /// |got - expected|_2 / |size|_2
  static double relative(const at::Tensor& got, const at::Tensor& expected,
                         const at::Tensor& size) {
    return ((got - expected).norm() / size.norm()).item<double>();
  }

  WeightFile file_;
  nlohmann::json golden_;
};

/// Names of all files, for test suites with a parameter.
inline auto golden_cases() {
  return testing::Values("r18", "r18_padded", "r18_learned", "r18_one_class", "r34",
                         "r50_dc5_prenorm", "r101");
}
inline std::string golden_case_name(const testing::TestParamInfo<const char*>& info) {
  return info.param;
}

}  // namespace intr::test
