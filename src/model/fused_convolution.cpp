// SPDX-License-Identifier: Apache-2.0
#include "intr/model/fused_convolution.h"

#include <torch/torch.h>

#include <array>
#include <optional>
#include <vector>

#include "intr/model/reference_math.h"

namespace intr {
namespace {

/// Whether autograd has to know of an operation on these.
bool records_gradients(const at::Tensor& x, const at::Tensor& weight) {
  return at::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad());
}

std::vector<std::int64_t> both(std::int64_t value) { return {value, value}; }

/// oneDNN's operations are not among LibTorch's C++ functions, only its compiler uses them: they
/// are found by name.
namespace onednn {

using Operation = std::optional<c10::OperatorHandle>;

const Operation& with_relu() {
  static const Operation found =
      c10::Dispatcher::singleton().findSchema({"mkldnn::_convolution_pointwise", ""});
  return found;
}
const Operation& with_sum() {
  static const Operation found =
      c10::Dispatcher::singleton().findSchema({"mkldnn::_convolution_pointwise_", "binary"});
  return found;
}

c10::List<std::optional<at::Scalar>> no_scalars() { return c10::List<std::optional<at::Scalar>>(); }

at::Tensor relu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                const ConvolutionShape& shape) {
  torch::jit::Stack stack;
  torch::jit::push(stack, x, weight, bias, both(shape.padding), both(shape.stride),
                   both(shape.dilation), std::int64_t{1}, std::string("relu"), no_scalars(),
                   c10::IValue());
  with_relu()->callBoxed(&stack);
  return stack.front().toTensor();
}

void add_relu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
              const ConvolutionShape& shape, const at::Tensor& sum) {
  torch::jit::Stack stack;
  torch::jit::push(stack, sum, x, weight, bias, both(shape.padding), both(shape.stride),
                   both(shape.dilation), std::int64_t{1}, std::string("add"), at::Scalar(1.0),
                   std::string("relu"), no_scalars(), c10::IValue());
  with_sum()->callBoxed(&stack);
}

}  // namespace onednn

namespace cudnn {

/// @param sum may be undefined
at::Tensor forward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                   const at::Tensor& sum, const ConvolutionShape& s) {
  return sum.defined() ? at::cudnn_convolution_add_relu(x, weight, sum, 1.0, bias, both(s.stride),
                                                        both(s.padding), both(s.dilation), 1)
                       : at::cudnn_convolution_relu(x, weight, bias, both(s.stride),
                                                    both(s.padding), both(s.dilation), 1);
}

/// LibTorch has no gradients for the two.
struct Fused : torch::autograd::Function<Fused> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight, const at::Tensor& bias,
                            const std::optional<at::Tensor>& sum, std::int64_t stride,
                            std::int64_t padding, std::int64_t dilation) {
    const at::Tensor y =
        cudnn::forward(x, weight, bias, sum.value_or(at::Tensor()), {stride, padding, dilation});
    context->save_for_backward({x, weight, y});
    context->saved_data["sum"] = sum.has_value();
    context->saved_data["shape"] = std::vector<std::int64_t>{stride, padding, dilation};
    return y;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &y = saved[2];
    const auto shape = context->saved_data["shape"].toIntVector();
    const at::Tensor grad = at::threshold_backward(grads[0], y, 0);
    const std::array<bool, 3> wanted = {context->needs_input_grad(0), context->needs_input_grad(1),
                                        false};
    at::Tensor x_grad, weight_grad;
    std::tie(x_grad, weight_grad, std::ignore) =
        at::convolution_backward(grad, x, weight, std::nullopt, both(shape[0]), both(shape[1]),
                                 both(shape[2]), false, {0, 0}, 1, wanted);
    const at::Tensor sum_grad = context->saved_data["sum"].toBool() ? grad : at::Tensor();
    return {x_grad, weight_grad, {}, sum_grad, {}, {}, {}};
  }
};

at::Tensor apply(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                 const at::Tensor& sum, const ConvolutionShape& shape) {
  const bool records =
      records_gradients(x, weight) || (sum.defined() && records_gradients(sum, weight));
  if (!records) return forward(x, weight, bias, sum, shape);
  const std::optional<at::Tensor> given =
      sum.defined() ? std::optional<at::Tensor>(sum) : std::nullopt;
  return Fused::apply(x, weight, bias, given, shape.stride, shape.padding, shape.dilation);
}

}  // namespace cudnn

bool fits_onednn(const at::Tensor& x, const at::Tensor& weight) {
  return onednn::with_relu() && onednn::with_sum() && at::globalContext().userEnabledMkldnn() &&
         !records_gradients(x, weight);
}

}  // namespace

bool convolution_fuses(const at::Tensor& x, const at::Tensor& weight) {
  const bool number = x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
  if (reference_math() || !number || !x.is_contiguous(at::MemoryFormat::ChannelsLast)) return false;
  return x.is_cuda() || (x.is_cpu() && fits_onednn(x, weight));
}

at::Tensor convolution_relu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const ConvolutionShape& shape) {
  return x.is_cuda() ? cudnn::apply(x, weight, bias, {}, shape)
                     : onednn::relu(x, weight, bias, shape);
}

at::Tensor convolution_add_relu(const at::Tensor& x, const at::Tensor& weight,
                                const at::Tensor& bias, const ConvolutionShape& shape,
                                at::Tensor sum) {
  if (x.is_cuda()) return cudnn::apply(x, weight, bias, sum, shape);
  onednn::add_relu(x, weight, bias, shape, sum);
  return sum;
}

}  // namespace intr
