// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace intr {

/// The one way a file of ours appears: written under a temporary name in the same folder, synced,
/// renamed, folder synced. Use: construct, write temporary_path() by any means and close it, then
/// commit(). Without commit() the destructor removes the temporary file. Move-only.
class AtomicFile {
 public:
  /// @param final_path where the file will appear
  /// @param tag        makes the temporary name unique to a writer: .NAME.tmp-TAG; machine and
  /// process if empty
  explicit AtomicFile(std::string final_path, const std::string& tag = {});
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  const std::string& temporary_path() const noexcept { return temporary_; }
  /// Syncs the file, renames it and syncs the folder. @throws EnvironmentError
  void commit();
  /// The three parts of commit(), in this order, for who has something to do between them.
  void sync() const;
  void rename();
  void sync_folder() const;

 private:
  std::string final_;
  std::string temporary_;
};

/// Removes the temporary files, and folders of such names, that writers of this path left behind
/// when they were killed. A writer that is still at work then fails at its commit.
void remove_leftovers(const std::string& final_path);

/// Writes text as a whole file, atomically. @throws EnvironmentError
void write_file(const std::string& path, std::string_view contents);
/// Puts a file in place only if nothing has its name yet: of several writers the first wins, and
/// none ever sees half a file. @return whether this one won. @throws EnvironmentError
bool write_new_file(const std::string& path, std::string_view contents);
/// Sets blocks aside for an existing file that will grow to this size, so that a full disk shows
/// now. Does nothing where the file system cannot. @throws EnvironmentError if there is no room
void reserve_space(const std::string& path, std::uint64_t bytes);
/// The whole file. @throws DataError if it is missing, EnvironmentError if it cannot be read
std::string read_file(const std::string& path);
/// Appends one whole line with a single write, so that a crash tears at most the last line.
void append_line(const std::string& path, std::string_view line);
/// Makes a folder and its parents; it is fine if they exist. @throws EnvironmentError
void make_folder(const std::string& path);
/// Bytes that an unprivileged user may still write on the file system that holds this existing
/// path.
unsigned long long free_bytes(const std::string& path);

}  // namespace intr
