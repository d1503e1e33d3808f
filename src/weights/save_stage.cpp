// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/save_stage.h"

#include <fmt/format.h>

#include "intr/core/error.h"

namespace intr {
namespace {

constexpr std::array kNames = {"plan",   "create", "meta",   "write",    "close",    "reopen",
                               "verify", "fsync",  "rename", "fsyncdir", "manifest", "prune"};
static_assert(kNames.size() == kSaveStages.size());

}  // namespace

const char* name_of(SaveStage stage) noexcept { return kNames[static_cast<std::size_t>(stage)]; }

SaveStage parse_save_stage(const std::string& name) {
  for (const SaveStage stage : kSaveStages)
    if (name == name_of(stage)) return stage;
  throw UsageError(fmt::format("'{}' is no stage of a save", name), {},
                   fmt::format("give one of {}", fmt::join(kNames, ", ")));
}

}  // namespace intr
