// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/model/intr.h"

/// A network that is made random part by part, from the top (Adebayo et al., NeurIPS 2018, "Sanity
/// checks for saliency maps", sec. 3.1): a map that explains what was learned must change with it.
namespace intr {

/// Some tensors that are made random together.
struct RandomStage {
  std::string name;                  ///< such as "decoder layer 5"
  std::vector<std::string> tensors;  ///< names in the state dict
};

/// From the top: presence vector; query embedding; decoder layers, last to first; encoder layers,
/// last to first; input projection; backbone stages, last to first; stem. Every tensor of the model
/// is in one of them. The presence vector alone scores the queries' states: it can change no map.
std::vector<RandomStage> randomization_stages(const ModelConfig& config);

/// A copy of a model whose parts can be made random one after another, and whole again.
class RandomizedModel {
 public:
  /// @param seed of the random weights, which are drawn by counter as those of a new model
  RandomizedModel(const Intr& model, at::ScalarType products, std::uint64_t seed);

  const Intr& model() const noexcept { return copy_; }
  const std::vector<RandomStage>& stages() const noexcept { return stages_; }
  /// Makes the tensors of one more stage random.
  void randomize_next();
  /// Puts the original tensors back.
  void restore();

 private:
  void overwrite(const RandomStage& stage, const TensorMap& by);

  const Intr& original_;
  std::vector<RandomStage> stages_;
  std::size_t next_ = 0;
  TensorMap random_;  ///< on the CPU
  TensorMap tensors_;
  Intr copy_;
};

}  // namespace intr
