// SPDX-License-Identifier: Apache-2.0
#include "intr/model/dropout_attention.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "intr/model/dropout.h"
#include "intr/model/row_kernels.h"
#include "kept_mask.h"

namespace intr {
namespace {

/// Scores of so many bytes are worked on at a time, or those of one image.
constexpr std::int64_t kScoreBytes = std::int64_t{4} << 20;
/// Rows of a parallel piece at least.
constexpr std::int64_t kPieceRows = 16;

/// The sizes of one call, and how it is cut into groups of images.
struct Shape {
  Shape(const at::Tensor& query, const at::Tensor& key)
      : batch(query.size(0)),
        heads(query.size(1)),
        rows(query.size(2)),
        keys(key.size(2)),
        scale(1 / std::sqrt(static_cast<float>(query.size(3)))) {
    const std::int64_t image_bytes = heads * rows * keys * query.element_size();
    group =
        std::clamp<std::int64_t>(kScoreBytes / std::max<std::int64_t>(1, image_bytes), 1, batch);
  }
  /// Calls work(first image, number of images) for each group.
  template <class Work>
  void for_groups(const Work& work) const {
    for (std::int64_t first = 0; first < batch; first += group)
      work(first, std::min(group, batch - first));
  }
  std::int64_t batch, heads, rows, keys;
  float scale;
  std::int64_t group = 1;  ///< images
};

/// The heads of `count` images from `first` on as one batch of matrices: [count * N, rows, d]. No
/// copy where there is one image.
at::Tensor matrices(const at::Tensor& x, std::int64_t first, std::int64_t count) {
  return count == 1 ? x[first] : x.narrow(0, first, count).flatten(0, 1);
}

/// Calls work(pointer into scores, number of the row in the whole tensor, its allowed keys) for the
/// rows of a group, on all threads.
template <class T, class Work>
void for_rows(const Shape& shape, const at::Tensor& scores, std::int64_t first,
              const at::Tensor& allowed, const Work& work) {
  const std::int64_t image_rows = shape.heads * shape.rows;
  const std::int64_t begin_row = first * image_rows;
  T* values = static_cast<T*>(scores.data_ptr());
  const std::uint8_t* bytes =
      allowed.defined() ? reinterpret_cast<const std::uint8_t*>(allowed.const_data_ptr<bool>())
                        : nullptr;
  at::parallel_for(
      0, scores.numel() / shape.keys, kPieceRows, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> scratch(static_cast<std::size_t>(shape.keys));
        for (std::int64_t i = begin; i < end; ++i) {
          const std::int64_t row = begin_row + i;
          const std::int64_t image = row / image_rows;
          work(values + i * shape.keys, i, row,
               bytes == nullptr ? nullptr : bytes + image * shape.keys, scratch.data());
        }
      });
}

template <class T>
void attend(const Shape& shape, const at::Tensor& query, const at::Tensor& key,
            const at::Tensor& value, const at::Tensor& allowed, const DropoutMask& mask,
            const at::Tensor& out, const at::Tensor& log_sums) {
  const at::Tensor buffer =
      at::empty({shape.group * shape.heads, shape.rows, shape.keys}, query.options());
  float* sums = log_sums.data_ptr<float>();
  const auto& kernels = row_kernels().of<T>();
  shape.for_groups([&](std::int64_t first, std::int64_t count) {
    at::Tensor scores = buffer.narrow(0, 0, count * shape.heads);
    at::bmm_out(scores, matrices(query, first, count), matrices(key, first, count).transpose(1, 2));
    for_rows<T>(shape, scores, first, allowed,
                [&](T* row_scores, std::int64_t, std::int64_t row, const std::uint8_t* seen,
                    float* scratch) {
                  sums[row] = kernels.softmax_drop(row_scores, shape.keys, seen, shape.scale, row,
                                                   mask, scratch);
                });
    at::Tensor mixed = out.narrow(0, first, count).flatten(0, 1);
    at::bmm_out(mixed, scores, matrices(value, first, count));
  });
}

struct Gradients {
  at::Tensor query, key, value;
};

template <class T>
void attend_backward(const Shape& shape, const at::Tensor& query, const at::Tensor& key,
                     const at::Tensor& value, const at::Tensor& allowed, const DropoutMask& mask,
                     const at::Tensor& grad, const at::Tensor& deltas, const at::Tensor& log_sums,
                     const Gradients& gradients) {
  const at::Tensor buffer =
      at::empty({2, shape.group * shape.heads, shape.rows, shape.keys}, query.options());
  const float* sums = log_sums.const_data_ptr<float>();
  const float* delta = deltas.const_data_ptr<float>();
  const auto& kernels = row_kernels().of<T>();
  const auto part = [](const at::Tensor& x, std::int64_t first, std::int64_t count) {
    return x.narrow(0, first, count).flatten(0, 1);
  };
  shape.for_groups([&](std::int64_t first, std::int64_t count) {
    at::Tensor weights = buffer[0].narrow(0, 0, count * shape.heads);
    at::Tensor change = buffer[1].narrow(0, 0, count * shape.heads);
    const at::Tensor q = matrices(query, first, count), k = matrices(key, first, count);
    const at::Tensor out_grad = part(grad, first, count);
    at::bmm_out(weights, q, k.transpose(1, 2));
    at::bmm_out(change, out_grad, matrices(value, first, count).transpose(1, 2));
    T* changes = static_cast<T*>(change.data_ptr());
    for_rows<T>(shape, weights, first, allowed,
                [&](T* scores, std::int64_t i, std::int64_t row, const std::uint8_t* seen, float*) {
                  kernels.softmax_drop_backward(scores, changes + i * shape.keys, shape.keys, seen,
                                                shape.scale, sums[row], delta[row], row, mask);
                });
    at::Tensor query_grad = part(gradients.query, first, count);
    at::Tensor key_grad = part(gradients.key, first, count);
    at::Tensor value_grad = part(gradients.value, first, count);
    at::bmm_out(query_grad, change, k);
    at::bmm_out(key_grad, change.transpose(1, 2), q);
    at::bmm_out(value_grad, weights.transpose(1, 2), out_grad);
  });
}

struct DropoutAttention : torch::autograd::Function<DropoutAttention> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& query,
                            const at::Tensor& key, const at::Tensor& value,
                            const std::optional<at::Tensor>& seen, double rate) {
    const at::Tensor allowed = seen.value_or(at::Tensor());
    const Shape shape(query, key);
    const DropoutMask mask = make_dropout_mask(rate, next_dropout_key());
    const at::Tensor out = at::empty(query.sizes(), query.options());
    const at::Tensor log_sums =
        at::empty({shape.batch, shape.heads, shape.rows, 1}, query.options().dtype(at::kFloat));
    if (query.scalar_type() == at::kFloat)
      attend<float>(shape, query, key, value, allowed, mask, out, log_sums);
    else
      attend<Bfloat16Bits>(shape, query, key, value, allowed, mask, out, log_sums);
    context->save_for_backward({query, key, value, allowed, out, log_sums});
    keep_mask(*context, mask.key, rate);
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &query = saved[0], &key = saved[1], &value = saved[2], &allowed = saved[3];
    const Shape shape(query, key);
    const DropoutMask mask = kept_mask(*context);
    const at::Tensor grad = grads[0].contiguous();
    const at::Tensor deltas =
        (grad.to(at::kFloat) * saved[4].to(at::kFloat)).sum(-1, true);  // [B, N, rows, 1]
    const Gradients gradients{.query = at::empty(query.sizes(), query.options()),
                              .key = at::empty(key.sizes(), key.options()),
                              .value = at::empty(value.sizes(), value.options())};
    if (query.scalar_type() == at::kFloat)
      attend_backward<float>(shape, query, key, value, allowed, mask, grad, deltas, saved[5],
                             gradients);
    else
      attend_backward<Bfloat16Bits>(shape, query, key, value, allowed, mask, grad, deltas, saved[5],
                                    gradients);
    return {gradients.query, gradients.key, gradients.value, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor dropout_attention(const at::Tensor& query, const at::Tensor& key,
                             const at::Tensor& value, const at::Tensor& allowed, double rate) {
  std::optional<at::Tensor> seen;
  if (allowed.defined()) seen = allowed.expand({query.size(0), 1, 1, key.size(2)}).contiguous();
  return DropoutAttention::apply(query, key, value, seen, rate);
}

}  // namespace intr
