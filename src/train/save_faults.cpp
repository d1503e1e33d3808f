// SPDX-License-Identifier: Apache-2.0
#include "intr/train/save_faults.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>

#include "intr/core/error.h"
#include "intr/io/file_patch.h"
#include "intr/io/file_range.h"

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
  const std::uint64_t place = fs::file_size(path) / 2;
  std::array<std::byte, 1> byte = {};
  InputFile(path).read(place, byte);
  byte[0] ^= std::byte{1};
  FilePatch file(path);
  file.write(place, byte);
  file.close();
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
