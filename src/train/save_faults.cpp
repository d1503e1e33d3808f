// SPDX-License-Identifier: Apache-2.0
#include "intr/train/save_faults.h"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "intr/core/error.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

/// The file that is being saved: before its rename the temporary one, after it the newest.
/// @return "" if there is none yet
fs::path file_in_work(const std::string& folder) {
  fs::path newest;
  for (const auto& file : fs::directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    if (file.is_symlink() || name.find("ckpt-") == std::string::npos) continue;
    if (name.find(".tmp-") != std::string::npos) return file.path();
    // The step in the name has leading zeros.
    if (newest.empty() || name > newest.filename().string()) newest = file.path();
  }
  return newest;
}

void flip_a_bit(const fs::path& path) {
  std::error_code ignored;
  const std::uintmax_t size = fs::file_size(path, ignored);
  if (ignored || size == 0) return;
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto place = static_cast<std::streamoff>(size / 2);
  file.seekg(place);
  const char byte = static_cast<char>(file.get() ^ 1);
  file.seekp(place);
  file.put(byte);
}

}  // namespace

SaveHook save_faults(FaultInjector& faults, std::string folder) {
  return [&faults, folder = std::move(folder)](SaveStage stage) {
    const auto action = faults.at_save(stage);
    if (!action) return;
    if (*action == FaultAction::kFlip) return flip_a_bit(file_in_work(folder));
    throw_system_error(name_of(stage), folder, *action == FaultAction::kEnospc ? ENOSPC : EIO);
  };
}

}  // namespace intr
