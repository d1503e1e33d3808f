// SPDX-License-Identifier: Apache-2.0
#include "intr/model/parameter_table.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "intr/core/error.h"

namespace intr {
namespace {

using Kind = InitialValues::Kind;
using Shape = std::vector<std::int64_t>;

double per_root(std::int64_t fan) { return 1.0 / std::sqrt(static_cast<double>(fan)); }

/// Collects rows below a prefix that grows and shrinks with the module tree.
class Table {
 public:
  explicit Table(const ModelConfig& config) : config_(config), plan_(resnet_plan(config)) {}

  std::vector<ParameterRow> build() {
    const std::int64_t width = config_.hidden_dim;
    stack("transformer.encoder.", config_.enc_layers, config_.pre_norm,
          [this](const std::string& layer) { encoder_layer(layer); });
    stack("transformer.decoder.", config_.dec_layers, true,
          [this](const std::string& layer) { decoder_layer(layer); });
    linear("presence_vector.", 1, width, uniform(per_root(width)), uniform(per_root(width)));
    add("query_embed.weight", {config_.num_queries(), width}, {Kind::kNormal, 0, 1});
    const InitialValues projection = uniform(per_root(plan_.out_channels()));
    add("input_proj.weight", {width, plan_.out_channels(), 1, 1}, projection);
    add("input_proj.bias", {width}, projection);
    backbone();
    if (config_.position_embedding == "learned") {
      const InitialValues unit{Kind::kUniform, 0.5, 0.5};
      add("backbone.1.row_embed.weight", {kLearnedPositions, width / 2}, unit);
      add("backbone.1.col_embed.weight", {kLearnedPositions, width / 2}, unit);
    }
    return std::move(rows_);
  }

 private:
  static InitialValues constant(double value) { return {Kind::kConstant, value, 0}; }
  static InitialValues uniform(double half_width) { return {Kind::kUniform, 0, half_width}; }
  /// Glorot and Bengio 2010, eq. 16.
  static InitialValues xavier(std::int64_t rows, std::int64_t columns) {
    return uniform(std::sqrt(6.0 / static_cast<double>(rows + columns)));
  }

  void add(std::string name, Shape shape, InitialValues initial, bool buffer = false) {
    ParameterRow row;
    initial.draws_of = static_cast<std::int64_t>(rows_.size());
    row.group = name.starts_with("backbone.") ? 1 : 0;
    row.decay_exempt = shape.size() == 1 || name.ends_with("bias");
    row.name = std::move(name);
    row.shape = std::move(shape);
    row.buffer = buffer;
    row.initial = initial;
    rows_.push_back(std::move(row));
  }
  void linear(const std::string& prefix, std::int64_t out, std::int64_t in, InitialValues weight,
              InitialValues bias) {
    add(prefix + "weight", {out, in}, weight);
    add(prefix + "bias", {out}, bias);
  }
  void layer_norm(const std::string& prefix) {
    add(prefix + "weight", {config_.hidden_dim}, constant(1));
    add(prefix + "bias", {config_.hidden_dim}, constant(0));
  }
  void attention(const std::string& prefix) {
    const std::int64_t width = config_.hidden_dim;
    add(prefix + "in_proj_weight", {3 * width, width}, xavier(3 * width, width));
    add(prefix + "in_proj_bias", {3 * width}, constant(0));
    linear(prefix + "out_proj.", width, width, xavier(width, width), constant(0));
  }
  void feed_forward(const std::string& prefix) {
    const std::int64_t width = config_.hidden_dim;
    const std::int64_t inner = config_.dim_feedforward;
    linear(prefix + "linear1.", inner, width, xavier(inner, width), uniform(per_root(width)));
    linear(prefix + "linear2.", width, inner, xavier(width, inner), uniform(per_root(inner)));
  }
  void encoder_layer(const std::string& prefix) {
    attention(prefix + "self_attn.");
    feed_forward(prefix);
    layer_norm(prefix + "norm1.");
    layer_norm(prefix + "norm2.");
  }
  void decoder_layer(const std::string& prefix) {
    attention(prefix + "self_attn.");
    attention(prefix + "multihead_attn.");
    feed_forward(prefix);
    layer_norm(prefix + "norm1.");
    layer_norm(prefix + "norm2.");
    layer_norm(prefix + "norm3.");
  }
  /// The layers of a stack and its closing norm. The published code clones layer 0 and then redraws
  /// the matrices, so biases that are drawn start alike in all layers.
  void stack(const std::string& prefix, std::int64_t layers, bool closing_norm,
             const std::function<void(const std::string&)>& add_layer) {
    const std::size_t first = rows_.size();
    for (std::int64_t i = 0; i < layers; ++i) {
      const std::size_t begin = rows_.size();
      add_layer(fmt::format("{}layers.{}.", prefix, i));
      for (std::size_t row = begin; row < rows_.size(); ++row)
        if (rows_[row].shape.size() == 1)
          rows_[row].initial.draws_of = static_cast<std::int64_t>(first + row - begin);
    }
    if (closing_norm) layer_norm(prefix + "norm.");
  }

  void convolution(const std::string& name, Shape shape) {
    // He et al. 2015, eq. 14: by the outputs that each weight reaches.
    const auto fan_out = static_cast<double>(shape[0] * shape[2] * shape[3]);
    add(name + ".weight", std::move(shape), {Kind::kNormal, 0, std::sqrt(2.0 / fan_out)});
  }
  void frozen_norm(const std::string& name, std::int64_t channels) {
    add(name + ".weight", {channels}, constant(1), true);
    add(name + ".bias", {channels}, constant(0), true);
    add(name + ".running_mean", {channels}, constant(0), true);
    add(name + ".running_var", {channels}, constant(1), true);
  }
  void backbone() {
    const std::string body = "backbone.0.body.";
    convolution(body + "conv1", {64, 3, 7, 7});
    frozen_norm(body + "bn1", 64);
    std::int64_t channels = 64;
    for (std::size_t stage = 0; stage < plan_.blocks.size(); ++stage)
      for (std::int64_t block = 0; block < plan_.blocks[stage]; ++block)
        channels = residual_block(fmt::format("{}layer{}.{}.", body, stage + 1, block), channels,
                                  static_cast<std::int64_t>(stage), block);
  }
  /// @return the block's output channels
  std::int64_t residual_block(const std::string& prefix, std::int64_t in, std::int64_t stage,
                              std::int64_t block) {
    const std::int64_t planes = ResNetPlan::planes(stage);
    const std::int64_t out = planes * plan_.expansion();
    std::vector<Shape> shapes = {{planes, in, 3, 3}, {planes, planes, 3, 3}};
    if (plan_.bottleneck)
      shapes = {{planes, in, 1, 1}, {planes, planes, 3, 3}, {out, planes, 1, 1}};
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      convolution(fmt::format("{}conv{}", prefix, i + 1), shapes[i]);
      frozen_norm(fmt::format("{}bn{}", prefix, i + 1), shapes[i][0]);
    }
    if (block == 0 && plan_.downsamples(stage)) {
      convolution(prefix + "downsample.0", {out, in, 1, 1});
      frozen_norm(prefix + "downsample.1", out);
    }
    return out;
  }

  const ModelConfig& config_;
  ResNetPlan plan_;
  std::vector<ParameterRow> rows_;
};

}  // namespace

std::int64_t ParameterRow::num_values() const noexcept {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::vector<ParameterRow> parameter_table(const ModelConfig& config) {
  return Table(config).build();
}

bool is_frozen(const std::string& name, const std::string& freeze) {
  if (freeze == "backbone") return name.starts_with("backbone.0.");
  if (freeze == "stem")
    return name.starts_with("backbone.0.body.conv1.") ||
           name.starts_with("backbone.0.body.layer1.");
  if (freeze == "none") return false;
  throw InternalError("no rule for --freeze " + freeze);
}

ResNetPlan resnet_plan(const ModelConfig& config) {
  ResNetPlan plan;
  if (config.backbone == "resnet18")
    plan = {false, {2, 2, 2, 2}};
  else if (config.backbone == "resnet34")
    plan = {false, {3, 4, 6, 3}};
  else if (config.backbone == "resnet50")
    plan = {true, {3, 4, 6, 3}};
  else if (config.backbone == "resnet101")
    plan = {true, {3, 4, 23, 3}};
  else
    throw InternalError("no plan for the backbone " + config.backbone);
  plan.blocks.resize(static_cast<std::size_t>(config.backbone_stages));
  return plan;
}

}  // namespace intr
