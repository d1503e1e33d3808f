// SPDX-License-Identifier: Apache-2.0
#include "intr/model/dropout.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <algorithm>
#include <mutex>

#include "intr/model/reference_math.h"
#include "intr/model/row_kernels.h"
#include "kept_mask.h"

namespace intr {
namespace {

/// Units of a parallel piece: 64 Ki elements.
constexpr std::int64_t kPieceUnits = 512;

bool has_kernel(const at::Tensor& x) {
  return !reference_math() && x.is_cpu() &&
         (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

template <class T>
T* data(const at::Tensor& x) {
  return static_cast<T*>(x.data_ptr());
}

/// Calls work(kernels, first element, last element) for pieces of x, in the kernels' type.
template <class Work>
void for_pieces(const at::Tensor& x, const Work& work) {
  const std::int64_t count = x.numel();
  const auto pieces = [&](auto type) {
    using T = decltype(type);
    const auto& kernels = row_kernels().of<T>();
    at::parallel_for(0, (count + kMaskUnit - 1) / kMaskUnit, kPieceUnits,
                     [&](std::int64_t begin, std::int64_t end) {
                       work(kernels, type, begin * kMaskUnit, std::min(end * kMaskUnit, count));
                     });
  };
  if (x.scalar_type() == at::kFloat)
    pieces(float{});
  else
    pieces(Bfloat16Bits{});
}

struct AddDropped : torch::autograd::Function<AddDropped> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& residual,
                            const at::Tensor& x, double rate) {
    const DropoutMask mask = make_dropout_mask(rate, next_dropout_key());
    keep_mask(*context, mask.key, rate);
    const at::Tensor base = residual.contiguous(), change = x.contiguous();
    const at::Tensor sum = at::empty_like(change);
    for_pieces(sum, [&](const auto& kernels, auto type, std::int64_t begin, std::int64_t end) {
      using T = decltype(type);
      kernels.add_dropped(data<T>(base), data<T>(change), data<T>(sum), begin, end, mask);
    });
    return sum;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    const DropoutMask mask = kept_mask(*context);
    const at::Tensor grad = grads[0].contiguous();
    const at::Tensor through = at::empty_like(grad);
    for_pieces(grad, [&](const auto& kernels, auto type, std::int64_t begin, std::int64_t end) {
      using T = decltype(type);
      kernels.drop(data<T>(grad), data<T>(through), begin, end, mask);
    });
    return {grads[0], through, at::Tensor()};
  }
};

struct ReluDropped : torch::autograd::Function<ReluDropped> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            double rate) {
    const DropoutMask mask = make_dropout_mask(rate, next_dropout_key());
    context->mark_dirty({x});
    context->save_for_backward({x});
    context->saved_data["scale"] = static_cast<double>(mask.scale);
    for_pieces(x, [&](const auto& kernels, auto type, std::int64_t begin, std::int64_t end) {
      kernels.relu_drop(data<decltype(type)>(x), begin, end, mask);
    });
    return x;
  }
  /// What is 0 was dropped or not above 0.
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    const at::Tensor y = context->get_saved_variables()[0];
    const auto scale = static_cast<float>(context->saved_data["scale"].toDouble());
    const at::Tensor grad = grads[0].contiguous();
    const at::Tensor through = at::empty_like(grad);
    for_pieces(grad, [&](const auto& kernels, auto type, std::int64_t begin, std::int64_t end) {
      using T = decltype(type);
      kernels.relu_drop_backward(data<T>(grad), data<T>(y), data<T>(through), begin, end, scale);
    });
    return {through, at::Tensor()};
  }
};

void add_relu_in_place(const at::Tensor& y, const at::Tensor& x) {
  for_pieces(y, [&](const auto& kernels, auto type, std::int64_t begin, std::int64_t end) {
    using T = decltype(type);
    kernels.add_relu(data<T>(y), data<T>(x), begin, end);
  });
}

struct AddRelu : torch::autograd::Function<AddRelu> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& y,
                            const at::Tensor& x) {
    context->mark_dirty({y});
    context->save_for_backward({y});
    add_relu_in_place(y, x);
    return y;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    const at::Tensor through =
        at::threshold_backward(grads[0], context->get_saved_variables()[0], 0);
    return {through, through};
  }
};

/// Whether two tensors have their elements in the same order in memory, without gaps.
bool same_layout(const at::Tensor& y, const at::Tensor& x) {
  return y.scalar_type() == x.scalar_type() && y.sizes() == x.sizes() &&
         y.strides() == x.strides() && y.is_non_overlapping_and_dense();
}

}  // namespace

std::uint64_t next_dropout_key() {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::scoped_lock lock(generator.mutex());
  return at::check_generator<at::CPUGeneratorImpl>(generator)->random64();
}

at::Tensor add_dropped(const at::Tensor& residual, const at::Tensor& x, double rate) {
  if (rate <= 0) return residual + x;
  if (!has_kernel(x) || residual.scalar_type() != x.scalar_type() || residual.sizes() != x.sizes())
    return residual + at::dropout(x, rate, true);
  return AddDropped::apply(residual, x, rate);
}

at::Tensor relu_dropped(at::Tensor x, double rate) {
  if (rate <= 0) return x.relu_();
  if (!has_kernel(x) || !x.is_contiguous()) return at::dropout(x.relu_(), rate, true);
  return ReluDropped::apply(x, rate);
}

at::Tensor add_relu(at::Tensor y, const at::Tensor& x) {
  if (!has_kernel(y) || !same_layout(y, x)) return y.add_(x).relu_();
  if (at::GradMode::is_enabled() && (y.requires_grad() || x.requires_grad()))
    return AddRelu::apply(y, x);
  add_relu_in_place(y, x);
  return y;
}

}  // namespace intr
