// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

namespace intr {

/// The stages in which a checkpoint comes to be, in this order.
enum class SaveStage : std::uint8_t {
  kPlan,      ///< is there room?
  kCreate,    ///< the temporary file
  kMeta,      ///< structure and everything small
  kWrite,     ///< parameters and moments
  kClose,     ///< of the temporary file
  kReopen,    ///< what was written
  kVerify,    ///< every block
  kFsync,     ///< of the file
  kRename,    ///< to its final name, after a look at the run's lock
  kFsyncDir,  ///< of the folder: now the file is durable
  kManifest,  ///< lists it
  kPrune,     ///< of older files
};

inline constexpr std::array kSaveStages = {
    SaveStage::kPlan,   SaveStage::kCreate,   SaveStage::kMeta,     SaveStage::kWrite,
    SaveStage::kClose,  SaveStage::kReopen,   SaveStage::kVerify,   SaveStage::kFsync,
    SaveStage::kRename, SaveStage::kFsyncDir, SaveStage::kManifest, SaveStage::kPrune};

/// Called as each stage begins, on the thread that saves. What it throws fails the stage.
using SaveHook = std::function<void(SaveStage)>;

/// "plan", "create", … "prune".
const char* name_of(SaveStage stage) noexcept;
/// @throws UsageError listing the names
SaveStage parse_save_stage(const std::string& name);

}  // namespace intr
