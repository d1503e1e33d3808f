// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/model/model_config.h"

namespace intr {

/// What a tensor starts from when a model is made from nothing.
struct InitialValues {
  enum class Kind : std::uint8_t { kConstant, kUniform, kNormal };
  Kind kind = Kind::kConstant;
  double center = 0;  ///< the constant, or the mean
  double scale = 0;   ///< half the width of a uniform distribution, or a standard deviation
  /// Index in the table of the row whose draws these are; its own except where layers start alike.
  std::int64_t draws_of = 0;
};

/// One entry of the published state dict.
struct ParameterRow {
  std::string name;
  std::vector<std::int64_t> shape;
  bool buffer = false;        ///< a frozen norm's constant: never trained, always saved
  std::uint8_t group = 0;     ///< 0 outside the backbone, 1 backbone (learning-rate group)
  bool decay_exempt = false;  ///< biases, norms and 1-d tensors, for --no-decay norm-bias
  InitialValues initial;

  std::int64_t num_values() const noexcept;
};

/// Every entry of the state dict in the published order, which is also the order in files and in
/// the optimizer. The one place where names are spelled.
std::vector<ParameterRow> parameter_table(const ModelConfig& config);

/// Whether `--freeze` holds this parameter fixed. @param freeze none, stem or backbone
bool is_frozen(const std::string& name, const std::string& freeze);

/// A ResNet's plan: what its name says.
struct ResNetPlan {
  bool bottleneck = false;           ///< 1x1, 3x3, 1x1 with four times the channels
  std::vector<std::int64_t> blocks;  ///< residual blocks of each stage
  std::int64_t expansion() const noexcept { return bottleneck ? 4 : 1; }
  /// Channels between a block's convolutions. @param stage from 0
  static std::int64_t planes(std::int64_t stage) noexcept { return std::int64_t{64} << stage; }
  std::int64_t out_channels() const noexcept {
    return planes(static_cast<std::int64_t>(blocks.size()) - 1) * expansion();
  }
  /// Whether the first block of a stage projects its input. @param stage from 0
  bool downsamples(std::int64_t stage) const noexcept { return bottleneck || stage > 0; }
};

/// The plan of config.backbone, cut after config.backbone_stages.
ResNetPlan resnet_plan(const ModelConfig& config);

/// Rows and columns that learned positions can tell apart.
inline constexpr std::int64_t kLearnedPositions = 50;

}  // namespace intr
