// SPDX-License-Identifier: Apache-2.0
#include "intr/model/attention.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/split_with_sizes.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "intr/model/dropout.h"
#include "intr/model/fused_attention.h"
#include "intr/model/pointwise.h"
#include "intr/model/reference_math.h"

namespace intr {

namespace {

/// softmax(Q K^T / sqrt(D/N)) V with the weights formed in full (Vaswani et al., NeurIPS 2017, eq.
/// 1).
at::Tensor attention_in_full(const at::Tensor& query, const at::Tensor& key,
                             const at::Tensor& value, const at::Tensor& allowed,
                             const LayerMode& mode) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(3)));
  at::Tensor scores = at::matmul(query * scale, key.transpose(2, 3));  // [B, N, rows, keys]
  if (allowed.defined())
    scores = scores.masked_fill(allowed.logical_not(), -std::numeric_limits<double>::infinity());
  at::Tensor weights = at::softmax(scores, -1);
  if (mode.active_dropout() > 0) weights = at::dropout(weights, mode.dropout, true);
  return at::matmul(weights, value);
}

/// By the fastest means. @return [B, N, rows, D/N]
at::Tensor mix(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
               const at::Tensor& allowed, const LayerMode& mode) {
  if (reference_math()) return attention_in_full(query, key, value, allowed, mode);
  const bool has_kernel = query.scalar_type() == at::kFloat || query.scalar_type() == at::kBFloat16;
  if (query.is_cpu() && has_kernel)
    return fused_attention(query, key, value, allowed, mode.active_dropout());
  const std::optional<at::Tensor> mask =
      allowed.defined() ? std::optional<at::Tensor>(allowed) : std::nullopt;
  return at::scaled_dot_product_attention(query, key, value, mask, mode.active_dropout(), false);
}

/// Mean over the heads of softmax(Q K^T / sqrt(d)), one head of one image at a time: an image's
/// result does not depend on the batch. @return [B, rows, keys]
at::Tensor mean_of_weights(const at::Tensor& query, const at::Tensor& key,
                           const at::Tensor& allowed) {
  const at::NoGradGuard no_grad;
  const std::int64_t batch = query.size(0), heads = query.size(1);
  const double scale = 1.0 / std::sqrt(static_cast<double>(query.size(3)));
  const at::Tensor mean =
      at::zeros({batch, query.size(2), key.size(2)}, query.options().dtype(at::kFloat));
  for (std::int64_t b = 0; b < batch; ++b) {
    for (std::int64_t n = 0; n < heads; ++n) {
      at::Tensor scores = at::mm(query[b][n].to(at::kFloat) * scale, key[b][n].to(at::kFloat).t());
      if (allowed.defined())
        scores.masked_fill_(allowed[b][0].logical_not(), -std::numeric_limits<double>::infinity());
      mean[b].add_(at::softmax(scores, -1), 1.0 / static_cast<double>(heads));
    }
  }
  return mean;
}

}  // namespace

at::Tensor LayerMode::add_dropped(const at::Tensor& x, const at::Tensor& change) const {
  return intr::add_dropped(x, change, active_dropout());
}

MultiheadAttention::MultiheadAttention(std::int64_t nheads, TensorCursor& tensors)
    : num_heads(nheads),
      in_proj_weight(tensors.next()),
      in_proj_bias(tensors.next()),
      out_proj(tensors) {}

std::array<at::Tensor, 3> MultiheadAttention::project(std::int64_t count, const at::Tensor& factor,
                                                      const at::Tensor& other) const {
  const std::int64_t width = in_proj_weight.size(1);
  const std::array<std::int64_t, 2> rows = {count * width, (3 - count) * width};
  const auto parts = [&](const at::Tensor& whole) {  // so its gradient is put together once
    return at::split_with_sizes(whole.to(factor.scalar_type()), rows);
  };
  const std::vector<at::Tensor> weights = parts(in_proj_weight), biases = parts(in_proj_bias);
  std::array<at::Tensor, 3> result;
  std::size_t next = 0;
  for (const std::size_t part : {0U, 1U}) {
    const at::Tensor& x = part == 0 ? factor : other;
    const at::Tensor projected = linear_in_type_of(x, weights[part], biases[part]);
    for (const at::Tensor& one :
         projected.view({x.size(0), x.size(1), -1, num_heads, width / num_heads})
             .permute({2, 0, 3, 1, 4})  // [count or 3 - count, B, N, rows, D/N]
             .unbind(0))
      result[next++] = one;
  }
  return result;
}

at::Tensor MultiheadAttention::join_heads(const at::Tensor& mixed) const {
  return linear(out_proj, mixed.transpose(1, 2).flatten(2, 3)).to(at::kFloat);
}

at::Tensor MultiheadAttention::self(const at::Tensor& with_position, const at::Tensor& x,
                                    const at::Tensor& allowed, const LayerMode& mode,
                                    at::Tensor* mean_weights) const {
  const auto [query, key, value] = project(2, mode.factor(with_position), mode.factor(x));
  if (mean_weights != nullptr) *mean_weights = mean_of_weights(query, key, allowed);
  return join_heads(mix(query, key, value, allowed, mode));
}

at::Tensor MultiheadAttention::cross(const at::Tensor& query, const at::Tensor& memory,
                                     const at::Tensor& allowed, const LayerMode& mode,
                                     CrossAttentionCapture* capture) const {
  const auto [start, keys, values] = project(1, mode.factor(query), mode.factor(memory));
  // Of either there may be one for all.
  const std::int64_t batch = std::max(start.size(0), keys.size(0));
  const auto for_all = [&](const at::Tensor& one) { return one.expand({batch, -1, -1, -1}); };
  const at::Tensor q = for_all(start), key = for_all(keys), value = for_all(values);
  const at::Tensor mixed = mix(q, key, value, allowed, mode);
  const at::Tensor output = join_heads(mixed);
  if (capture != nullptr) {
    capture->query = q.to(at::kFloat) * (1.0 / std::sqrt(static_cast<double>(q.size(3))));
    capture->key = key.to(at::kFloat);
    capture->value = value.to(at::kFloat);
    capture->mixed = mixed.to(at::kFloat);
    capture->output = output;
  }
  return output;
}

at::Tensor feed_forward(const Affine& linear1, const Affine& linear2, const at::Tensor& x,
                        const LayerMode& mode) {
  const at::Tensor inner = relu_dropped(linear(linear1, mode.factor(x)), mode.active_dropout());
  return linear(linear2, inner).to(at::kFloat);
}

}  // namespace intr
