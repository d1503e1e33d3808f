// SPDX-License-Identifier: Apache-2.0
#include "intr/model/intr.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Reduction.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/max.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>
#include <utility>

#include "intr/core/error.h"
#include "intr/model/backbone.h"
#include "intr/model/decoder.h"
#include "intr/model/encoder.h"
#include "intr/model/pointwise.h"
#include "intr/model/position_encoding.h"
#include "intr/model/reference_math.h"

namespace intr {
namespace {

struct LearnedPosition {
  explicit LearnedPosition(TensorCursor& tensors)
      : row_embed(tensors.next()), col_embed(tensors.next()) {}
  at::Tensor row_embed, col_embed;  ///< [50, D/2] each
};

/// The published modules, in the order of the state dict.
struct Modules {
  Modules(const ModelConfig& config, TensorCursor tensors)
      : encoder(config, tensors),
        decoder(config, tensors),
        presence_vector(tensors),
        query_embed(tensors.next()),
        input_proj(tensors),
        backbone(config, tensors) {
    if (config.position_embedding == "learned") position.emplace(tensors);
    tensors.require_end();
  }

  Encoder encoder;
  Decoder decoder;
  Affine presence_vector;  ///< [1, D], [1]
  at::Tensor query_embed;  ///< [C, D]
  Affine input_proj;       ///< [D, channels, 1, 1], [D]
  Backbone backbone;
  std::optional<LearnedPosition> position;
};

/// One score per class from the scores of its queries. @param scores [B, C]  @return [B, K]
at::Tensor pool_queries(const at::Tensor& scores, std::int64_t per_class,
                        const std::string& pooling) {
  if (per_class == 1) return scores;
  const at::Tensor grouped = scores.unflatten(1, {-1, per_class});  // [B, K, m]
  if (pooling == "mean") return grouped.mean(2);
  if (pooling == "logsumexp")
    return at::logsumexp(grouped, 2) - std::log(static_cast<double>(per_class));
  return std::get<0>(at::max(grouped, 2));  // of equal scores the lowest row gets the gradient
}

/// [B, S, D] as [B, D, h, w].
at::Tensor as_grid(const at::Tensor& cells, const FeatureGrid& grid) {
  const auto batch = static_cast<std::int64_t>(grid.valid.size());
  return cells.transpose(1, 2)
      .unflatten(2, {grid.height, grid.width})
      .expand({batch, -1, -1, -1})
      .contiguous();
}

/// @param padding [B, h, w]  @return [B, 1, 1, S]
at::Tensor allowed_cells(const at::Tensor& padding) {
  return padding.logical_not().flatten(1).unsqueeze(1).unsqueeze(1);
}

}  // namespace

struct Intr::Parts {
  Parts(const ModelConfig& given, TensorMap map, at::ScalarType type)
      : config(given),
        products(type),
        table(parameter_table(given)),
        tensors(std::move(map)),
        modules(config, TensorCursor(table, tensors)) {}

  at::Tensor position(const FeatureGrid& grid, at::Device device) const {
    return modules.position
               ? learned_position(grid, modules.position->row_embed, modules.position->col_embed)
               : sine_position(grid, config.hidden_dim, device);
  }
  /// The 1x1 convolution in front of the encoder, as a product over the cells' channels.
  /// @param features [B, channels, h, w], channels-last  @return [B, S, D] float32
  at::Tensor project_input(const at::Tensor& features) const {
    const at::Tensor cells = features.permute({0, 2, 3, 1}).flatten(1, 2);  // [B, S, channels]
    return linear_in_type_of(cells, modules.input_proj.weight.flatten(1), modules.input_proj.bias)
        .to(at::kFloat);
  }

  /// How well each query's state fits the presence vector. A matrix product adds in an order that
  /// depends on the batch and on where it lies in memory: in evaluation on a CPU each query's sum
  /// is its own, so that equal states have equal logits.
  /// @param last [B, C, D]  @return [B, C]
  at::Tensor score(const at::Tensor& last, bool training) const {
    const Affine& vector = modules.presence_vector;
    if (training || !last.is_cpu()) return linear(vector, last).squeeze(-1);
    return (last * vector.weight.squeeze(0)).sum(-1) + vector.bias;
  }

  ModelConfig config;
  at::ScalarType products;
  std::vector<ParameterRow> table;
  TensorMap tensors;
  Modules modules;
};

Intr::Intr(const ModelConfig& config, TensorMap tensors, at::ScalarType products)
    : parts_(std::make_unique<Parts>(config, std::move(tensors), products)) {}
Intr::Intr(Intr&&) noexcept = default;
Intr::~Intr() = default;

const ModelConfig& Intr::config() const noexcept { return parts_->config; }
const TensorMap& Intr::tensors() const noexcept { return parts_->tensors; }

IntrOutput Intr::forward(const at::Tensor& images, const std::vector<ImageSize>& sizes,
                         const ForwardOptions& options) const {
  const Modules& m = parts_->modules;
  if (images.dim() != 4 || images.size(0) != static_cast<std::int64_t>(sizes.size()))
    throw InternalError(fmt::format("{} sizes for images of shape [{}]", sizes.size(),
                                    fmt::join(images.sizes(), ", ")));
  for (const std::int64_t layer : options.capture_layers)
    if (layer < 0 || layer >= parts_->config.dec_layers)
      throw InternalError(
          fmt::format("decoder layer {} of {} asked for", layer, parts_->config.dec_layers));
  for (const std::int64_t layer : options.encoder_layers)
    if (layer < 0 || layer >= parts_->config.enc_layers)
      throw InternalError(
          fmt::format("encoder layer {} of {} asked for", layer, parts_->config.enc_layers));
  const LayerMode mode{parts_->config.dropout, options.training, parts_->products};
  IntrOutput out;

  const at::Tensor features = m.backbone.forward(mode.factor(images));  // [B, channels, h, w]
  out.feature_height = features.size(2);
  out.feature_width = features.size(3);
  const FeatureGrid grid = feature_grid_of(sizes, {images.size(2), images.size(3)},
                                           {out.feature_height, out.feature_width});
  out.feature_padding = feature_padding(grid, images.device());
  at::Tensor allowed;  // stays undefined without padding: fused kernels are fastest without a mask
  if (grid.any_padded()) allowed = allowed_cells(out.feature_padding);
  const at::Tensor position = parts_->position(grid, images.device());
  out.encoder_attention.resize(options.encoder_layers.size());
  const auto encoder_slot = [&](std::int64_t layer) -> at::Tensor* {
    const auto wanted =
        std::find(options.encoder_layers.begin(), options.encoder_layers.end(), layer);
    if (wanted == options.encoder_layers.end()) return nullptr;
    return &out.encoder_attention[static_cast<std::size_t>(wanted -
                                                           options.encoder_layers.begin())];
  };
  const at::Tensor memory = m.encoder.forward(parts_->project_input(features), position, allowed,
                                              mode, encoder_slot);  // [B, S, D]

  const at::Tensor embed = m.query_embed.unsqueeze(0);  // [1, C, D]
  // Without dropout all images start alike: one start, expanded where the memory comes in.
  const bool alike = !options.training && !reference_math();
  const std::int64_t starts = alike ? 1 : images.size(0);
  const at::Tensor start =
      at::zeros({starts, embed.size(1), embed.size(2)}, embed.options().requires_grad(false));
  out.captured.resize(options.capture_layers.size());
  const auto capture = [&](std::int64_t layer) -> CrossAttentionCapture* {
    const auto wanted =
        std::find(options.capture_layers.begin(), options.capture_layers.end(), layer);
    if (wanted == options.capture_layers.end()) return nullptr;
    CrossAttentionCapture& slot =
        out.captured[static_cast<std::size_t>(wanted - options.capture_layers.begin())];
    slot.layer = layer;
    return &slot;
  };
  const std::vector<at::Tensor> states =
      m.decoder.forward(start, embed, memory, allowed, mode, capture);  // L of [B, C, D]
  const at::Tensor last = layer_norm(m.decoder.norm, states.back());
  out.query_logits = parts_->score(last, options.training);  // [B, C]
  out.logits = pool_queries(out.query_logits, parts_->config.queries_per_class,
                            parts_->config.query_pooling);

  if (options.keep_hidden) out.hidden = layer_norm(m.decoder.norm, at::stack(states));
  if (options.keep_memory) {
    out.memory = as_grid(memory, grid);
    out.position = as_grid(position, grid);
  }
  return out;
}

at::Tensor Intr::decode_on(std::int64_t layer, const at::Tensor& state, const at::Tensor& outputs,
                           const IntrOutput& encoded) const {
  const Modules& m = parts_->modules;
  const LayerMode mode{parts_->config.dropout, false, parts_->products};
  const auto first = static_cast<std::size_t>(layer);
  at::Tensor x = m.decoder.layers.at(first).finish(state, outputs, mode);
  if (first + 1 < m.decoder.layers.size()) {
    if (!encoded.memory.defined() || encoded.memory.size(0) != 1)
      throw InternalError("the memory of one picture is needed to go on in a layer within");
    const at::Tensor embed = m.query_embed.unsqueeze(0);
    const at::Tensor memory = encoded.memory.flatten(2).transpose(1, 2);  // [1, S, D]
    at::Tensor allowed;
    if (encoded.feature_padding.any().item<bool>())
      allowed = allowed_cells(encoded.feature_padding);
    for (std::size_t next = first + 1; next < m.decoder.layers.size(); ++next)
      x = m.decoder.layers[next].forward(x, embed, memory, allowed, mode, nullptr);
  }
  return parts_->score(layer_norm(m.decoder.norm, x), false);
}

void Intr::refresh_frozen() { parts_->modules.backbone.refresh(); }

at::Tensor classification_loss(const at::Tensor& logits, const at::Tensor& labels,
                               std::int64_t step_samples) {
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum) /
         static_cast<double>(step_samples);
}

}  // namespace intr
