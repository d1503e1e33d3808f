// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace intr {

/// A lock on a whole file for one open file description. It ends with this object or with its
/// process, however that ends, and knows no process numbers, so containers of one machine see it,
/// too. Move-only.
class FileLock {
 public:
  /// Opens the file, which is made if it is missing, without locking it. @throws EnvironmentError
  explicit FileLock(std::string path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

  /// @return false if another has it. True where the file system knows no locks: nobody may build
  /// on this lock alone
  bool try_take() const;

 private:
  std::string path_;
  int descriptor_ = -1;
};

/// Whether somebody has the lock now; false if that cannot be told.
bool is_locked(const std::string& path);

}  // namespace intr
