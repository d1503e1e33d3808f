// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "intr/io/atomic_file.h"
#include "intr/weights/key_names.h"
#include "intr/weights/output_weights.h"
#include "intr/weights/published_optimizer.h"
#include "intr/weights/value_tree.h"
#include "intr/weights/weight_file.h"

namespace intr {

/// What a weight file is turned into. hf: a safetensors file with Hugging Face's names.
enum class ExportFormat : std::uint8_t { pth, safetensors, hf };

/// "pth", "safetensors", "hf".
std::string_view name_of(ExportFormat format);

struct ExportRequest {
  ExportFormat format = ExportFormat::pth;
  /// Names and everything else as the file has them. Else: its model alone, under our names.
  bool raw_keys = false;
  std::optional<DType> type = {};  ///< of floating-point tensors of the model; nothing: as they are
  /// Also what a published training run goes on with. Only for pth.
  bool with_optimizer = false;
  /// Of our own checkpoint, with with_optimizer: what its JSON texts say of it.
  std::optional<PublishedOptimizer> optimizer = {};
  std::vector<std::string> drop = {};   ///< patterns of the shell, of names to leave out
  std::vector<std::string> order = {};  ///< these names first, then the others as the file has them
};

/// Everything that a file will hold, before a byte of a tensor was read.
struct ExportPlan {
  ExportFormat format = ExportFormat::pth;
  OutputWeights weights;  ///< named by their path (.pth) or their key
  ValueTree tree;
  Value::Node top = 0;                          ///< of a .pth file
  std::map<std::string, std::string> metadata;  ///< of a safetensors file
  std::vector<DroppedKey> left_out;             ///< tensors and values of the source, and why
  std::vector<std::string> notes;               ///< what else changes on the way
  std::int64_t converted = 0;                   ///< tensors of another type than before
};

/// @param file outlives the plan, which reads it
/// @throws UsageError for a pattern that no name matches and for wishes that exclude one another
/// @throws DataError for names that cannot be translated, or an optimizer that is not there
ExportPlan plan_export(const WeightFile& file, const ExportRequest& request);

/// Writes beside the final path, reads everything back and compares it with what was to be written.
/// The file appears when the caller commits the result; else nothing stays.
/// @throws EnvironmentError if it cannot be written or reads back otherwise
/// @throws DataError if the source is damaged
AtomicFile write_export(const ExportPlan& plan, const std::string& out,
                        const WeightLimits& limits = {});

}  // namespace intr
