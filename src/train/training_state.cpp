// SPDX-License-Identifier: Apache-2.0
#include "intr/train/training_state.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <span>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"

namespace intr {
namespace {

const Tag kTag{.section = "start"};

std::vector<bool> trainable_rows(const std::vector<ParameterRow>& rows, const std::string& freeze) {
  std::vector<bool> trainable;
  for (const ParameterRow& row : rows)
    trainable.push_back(!row.buffer && !is_frozen(row.name, freeze));
  return trainable;
}

std::vector<FlatEntry> flat_entries(const std::vector<ParameterRow>& rows,
                                    const std::vector<bool>& trainable, bool decay_norm_bias) {
  std::vector<FlatEntry> entries;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!trainable[i]) continue;
    entries.push_back({.name = rows[i].name,
                       .shape = rows[i].shape,
                       .group = rows[i].group,
                       .decay = decay_norm_bias || !rows[i].decay_exempt,
                       .channels_last = rows[i].shape.size() == 4});
  }
  return entries;
}

TensorMap zero_frozen(const std::vector<ParameterRow>& rows, const std::vector<bool>& trainable,
                      at::Device device) {
  TensorMap frozen;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!trainable[i])
      frozen[rows[i].name] =
          torch::zeros(rows[i].shape, torch::dtype(torch::kFloat32).device(device));
  }
  return frozen;
}

TensorMap all_tensors(const FlatState& flat, const TensorMap& frozen) {
  TensorMap tensors = frozen;
  for (std::size_t i = 0; i < flat.entries().size(); ++i)
    tensors[flat.entries()[i].name] = flat.parameter(static_cast<std::int64_t>(i));
  return tensors;
}

std::vector<float> logical(const FlatState& flat, const at::Tensor& buffer) {
  std::vector<float> values(static_cast<std::size_t>(flat.num_values()));
  flat.to_logical(buffer, values);
  return values;
}

/// @param values contiguous float32, where the communicator's messages lie: on the device
void broadcast_values(Communicator& communicator, const at::Tensor& values) {
  if (values.numel() == 0) return;
  const Buffer buffer{.data = values.mutable_data_ptr(),
                      .count = checked_cast<std::size_t>(values.numel()),
                      .dtype = ElementType::f32};
  communicator.broadcast(buffer, 0, nullptr, kTag)->wait();
}

}  // namespace

std::vector<ParameterRow> trainable_parameters(const ModelConfig& config,
                                               const TrainableOptions& options) {
  std::vector<ParameterRow> rows = parameter_table(config);
  const std::vector<bool> trainable = trainable_rows(rows, options.freeze);
  std::size_t row = 0;
  std::erase_if(rows, [&](const ParameterRow&) { return !trainable[row++]; });
  return rows;
}

TrainingState::TrainingState(const ModelConfig& config, const TrainableOptions& options,
                             at::Device device, BucketPlan plan, at::ScalarType products)
    : rows_(parameter_table(config)),
      trainable_(trainable_rows(rows_, options.freeze)),
      flat_(flat_entries(rows_, trainable_, options.decay_norm_bias), device, std::move(plan)),
      frozen_(zero_frozen(rows_, trainable_, device)),
      model_(config, all_tensors(flat_, frozen_), products) {}

void TrainingState::set_tensors(const TensorMap& tensors) {
  const torch::NoGradGuard no_gradients;
  std::int64_t entry = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const auto found = tensors.find(rows_[i].name);
    if (found == tensors.end()) throw InternalError("a tensor has no initial value", rows_[i].name);
    const at::Tensor& target = trainable_[i] ? flat_.parameter(entry++) : frozen_.at(rows_[i].name);
    target.copy_(found->second);
  }
  model_.refresh_frozen();
}

void TrainingState::set_moments(const std::vector<float>& exp_avg,
                                const std::vector<float>& exp_avg_sq) {
  flat_.from_logical(exp_avg, flat_.exp_avg());
  flat_.from_logical(exp_avg_sq, flat_.exp_avg_sq());
}

std::vector<float> TrainingState::frozen_values() const {
  std::vector<float> values;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (trainable_[i]) continue;
    const at::Tensor tensor = frozen_.at(rows_[i].name).to(at::kCPU).contiguous();
    const float* first = tensor.data_ptr<float>();
    values.insert(values.end(), first, first + tensor.numel());
  }
  return values;
}

void TrainingState::set_frozen_values(const std::vector<float>& values) {
  const torch::NoGradGuard no_gradients;
  const float* next = values.data();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (trainable_[i]) continue;
    const at::Tensor& tensor = frozen_.at(rows_[i].name);
    // from_blob wants a pointer to change; the values are only read.
    tensor.copy_(torch::from_blob(const_cast<float*>(next), rows_[i].shape, torch::kFloat32));
    next += tensor.numel();
  }
  model_.refresh_frozen();
}

void TrainingState::describe(Checkpoint& checkpoint) const {
  checkpoint.tensors.clear();
  std::array<std::uint64_t, 2> used = {0, 0};
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const ParameterRow& row = rows_[i];
    const TensorKind kind = trainable_[i] ? TensorKind::kTrainable
                            : row.buffer  ? TensorKind::kBuffer
                                          : TensorKind::kFrozen;
    std::uint64_t& offset = used[trainable_[i] ? 0 : 1];
    checkpoint.tensors.push_back(
        {.name = row.name, .kind = kind, .group = row.group, .shape = row.shape, .offset = offset});
    offset += checkpoint.tensors.back().num_values();
  }
  checkpoint.plan_parameter = flat_.plan().parameter;
  checkpoint.plan_bucket_end = flat_.plan().bucket_end;
  checkpoint.frozen = frozen_values();
}

void TrainingState::snapshot(Checkpoint& checkpoint) const {
  describe(checkpoint);
  checkpoint.param = logical(flat_, flat_.param());
  checkpoint.exp_avg = logical(flat_, flat_.exp_avg());
  checkpoint.exp_avg_sq = logical(flat_, flat_.exp_avg_sq());
}

void TrainingState::set_checkpoint(const Checkpoint& checkpoint, const std::string& where) {
  const auto refuse = [&](const std::string& what) {
    throw EnvironmentError("the checkpoint is of another model: " + what, where,
                           "give the options it was trained with, or choose another --out");
  };
  for (std::size_t i = 0; i < std::max(rows_.size(), checkpoint.tensors.size()); ++i) {
    if (i >= checkpoint.tensors.size()) refuse(fmt::format("{} is missing", rows_[i].name));
    const CheckpointTensor& tensor = checkpoint.tensors[i];
    if (i >= rows_.size() || tensor.name != rows_[i].name)
      refuse(fmt::format("{} does not belong here", tensor.name));
    if (tensor.shape != rows_[i].shape)
      refuse(fmt::format("{} has shape [{}], not [{}]", tensor.name, fmt::join(tensor.shape, ", "),
                         fmt::join(rows_[i].shape, ", ")));
    if ((tensor.kind == TensorKind::kTrainable) != trainable_[i])
      refuse(fmt::format("{} is {} there", tensor.name, trainable_[i] ? "frozen" : "trained"));
  }
  flat_.from_logical(checkpoint.param, flat_.param());
  set_moments(checkpoint.exp_avg, checkpoint.exp_avg_sq);
  set_frozen_values(checkpoint.frozen);
}

void TrainingState::broadcast(Communicator& communicator) {
  for (const at::Tensor* buffer : {&flat_.param(), &flat_.exp_avg(), &flat_.exp_avg_sq()})
    broadcast_values(communicator, *buffer);
  std::vector<float> frozen = frozen_values();
  const auto count = checked_cast<std::int64_t>(frozen.size());
  at::Tensor on_host = at::from_blob(frozen.data(), {count}, at::kFloat);
  const at::Tensor on_device = on_host.to(device());
  broadcast_values(communicator, on_device);
  on_host.copy_(on_device);  // nothing where they are one
  set_frozen_values(frozen);
  communicator.agree("the model's parameters", hash(), kTag);
}

std::uint64_t TrainingState::hash() const {
  const std::vector<float> frozen = frozen_values();
  const std::array<std::uint64_t, 2> parts = {flat_.hash(),
                                              xxh3_64(std::as_bytes(std::span(frozen)))};
  return xxh3_64(std::as_bytes(std::span(parts)));
}

}  // namespace intr
