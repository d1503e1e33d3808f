// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "intr/weights/save_stage.h"

namespace intr {

/// What a stored tensor is. On disk: never renumber.
enum class TensorKind : std::uint8_t { kTrainable = 0, kFrozen = 1, kBuffer = 2 };

/// One named tensor of a checkpoint. Trainable ones lie in param (and both moments), all others in
/// frozen.
struct CheckpointTensor {
  std::string name;  ///< as in the published state dict
  TensorKind kind = TensorKind::kTrainable;
  std::uint8_t group = 0;  ///< 0 outside the backbone, 1 backbone
  std::vector<std::int64_t> shape;
  std::uint64_t offset = 0;  ///< in values, into its array

  std::uint64_t num_values() const noexcept;
};

/// Everything that a run needs to go on; nothing that belongs to one rank. Values are in logical
/// row-major order.
struct Checkpoint {
  std::int64_t step = 0;           ///< optimizer steps done
  std::int64_t epoch = 0;          ///< epoch of the next sample
  std::int64_t next_position = 0;  ///< samples of that epoch already used
  std::string phase =
      "train";  ///< "train", or "eval" between an epoch's last step and its evaluation
  std::vector<CheckpointTensor> tensors;
  std::vector<float> param, exp_avg, exp_avg_sq, frozen;
  std::vector<std::string> classes;
  nlohmann::ordered_json config;  ///< {"model": …, "train": …}
  nlohmann::ordered_json sampler, schedule, history, environment;
  /// Order of the trainable tensors in the gradient buckets and where each bucket ends; empty where
  /// buckets are cut from the flat buffer by size alone.
  std::vector<std::uint32_t> plan_parameter, plan_bucket_end;

  /// The values of a tensor inside param or frozen.
  const float* values(const CheckpointTensor& tensor) const;
  const CheckpointTensor* find(const std::string& name) const;
};

inline constexpr const char* kCheckpointFormat = "intr-checkpoint";
inline constexpr std::uint16_t kCheckpointMajor = 1;
inline constexpr std::uint16_t kCheckpointMinor = 0;
/// Bytes of a checked block of a data set.
inline constexpr std::uint64_t kCheckpointBlock = std::uint64_t{16} << 20;

/// The three large arrays of a checkpoint.
enum class FlatArray : std::uint8_t { kParam, kExpAvg, kExpAvgSq };

/// The large arrays of a checkpoint that is written, block by block, so that nobody needs all of
/// them in the order of the file at once.
struct FlatValues {
  std::uint64_t num_values = 0;  ///< of each array
  /// Copies values [first, first + out.size()) of an array, in the order of the file.
  std::function<void(FlatArray array, std::uint64_t first, std::span<float> out)> copy;
};

/// Writes the file as it is named (callers pass a temporary path), closes it and checks every block
/// of what it reads back.
/// @param head   the checkpoint without param, exp_avg and exp_avg_sq
/// @param values these three
/// @param at     called as each stage from create to verify begins
/// @throws EnvironmentError if it cannot be written or reads back otherwise
void write_checkpoint(const std::string& path, const Checkpoint& head, const FlatValues& values,
                      const SaveHook& at = {});
/// The same for a checkpoint that holds its arrays itself.
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);
/// The arrays of a checkpoint, which must outlive what is returned.
FlatValues flat_values_of(const Checkpoint& checkpoint);

/// Bytes that a checkpoint of so many values takes, a little more than less.
std::uint64_t checkpoint_bytes(std::uint64_t num_trainable, std::uint64_t num_frozen) noexcept;

/// Reads and checks everything in a checkpoint, keeping no more than a block of its large arrays.
/// @return the checkpoint without its arrays @throws DataError as read_checkpoint does
Checkpoint verify_checkpoint(const std::string& path);

/// Reads and checks a whole checkpoint.
/// @param with_moments false leaves exp_avg and exp_avg_sq empty and unread
/// @throws DataError if it is missing, damaged, of another kind or of an unknown version
Checkpoint read_checkpoint(const std::string& path, bool with_moments = true);

/// The checkpoint that `--model` names: a file itself, or of a run directory its best one, else its
/// newest good one.
std::string find_checkpoint(const std::string& file_or_run_directory);

}  // namespace intr
