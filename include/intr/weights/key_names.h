// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "intr/weights/weight_file.h"

namespace intr {

/// Whose names a weight file uses.
enum class WeightFamily : std::uint8_t { intr, detr, hf_detr, torchvision_resnet, unknown };

/// "intr", "detr", "hf-detr", "torchvision-resnet", "unknown".
std::string_view name_of(WeightFamily family);

/// A tensor under our name: one of the file, or several whose rows follow one another (the q, k and
/// v projections of a file that keeps them apart).
struct NamedTensor {
  std::string name;
  DType type = DType::f32;
  std::vector<std::int64_t> shape;
  std::vector<std::size_t> parts;  ///< numbers in WeightFile::entries()

  std::int64_t num_values() const noexcept;
  std::uint64_t bytes() const noexcept;
};

/// A key that a model of ours has no use for.
struct DroppedKey {
  std::string key;  ///< as the file spells it
  std::string why;
};

/// The model of a weight file under our names, which are the published ones.
struct NamedWeights {
  WeightFamily family = WeightFamily::unknown;
  std::string root;    ///< the key that holds the state dict ("model"); empty: the top itself
  std::string prefix;  ///< that every key had and that was taken off ("module."); may be empty
  std::vector<NamedTensor> tensors;  ///< in the file's order
  std::vector<DroppedKey> dropped;

  const NamedTensor* find(std::string_view name) const noexcept;
};

/// Finds the state dict, recognizes the family and translates every key.
/// A file of an unknown family keeps its keys.
/// @throws DataError listing keys that fit no rule, a q without its k and v, or state dicts between
/// which the file does not decide
NamedWeights name_weights(const WeightFile& file);

/// Values of a tensor as stored, row-major. @param out exactly tensor.bytes() long
void read(const WeightFile& file, const NamedTensor& tensor, std::span<std::byte> out);
/// The same converted to f32. @param out exactly tensor.num_values() long
void read_f32(const WeightFile& file, const NamedTensor& tensor, std::span<float> out);

}  // namespace intr
