// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace intr::test {

inline bool write_plainly(const char* path, const std::string& text) {
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool written = ::write(file, text.data(), text.size()) == std::ssize(text);
  return ::close(file) == 0 && written;
}

/// Gives this process and its children mounts of their own, which end with them: as root, or as
/// root of a user namespace. @return whether the machine allows one of both
inline bool have_own_mounts() {
  static const bool have = [] {
    const auto user = ::geteuid(), group = ::getegid();
    if (::unshare(CLONE_NEWNS) != 0) {
      if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
      write_plainly("/proc/self/setgroups", "deny");
      if (!write_plainly("/proc/self/uid_map", fmt::format("0 {} 1", user))) return false;
      if (!write_plainly("/proc/self/gid_map", fmt::format("0 {} 1", group))) return false;
    }
    return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }();
  return have;
}

/// A folder that is a file system of its own, of so many bytes of memory, where that may be.
class SmallDisk {
 public:
  SmallDisk(std::string folder, std::uint64_t bytes) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    mounted_ = have_own_mounts() && ::mount("none", folder_.c_str(), "tmpfs", 0,
                                            fmt::format("size={}", bytes).c_str()) == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  /// False: it is a folder like any other.
  bool is_mounted() const noexcept { return mounted_; }
  const std::string& folder() const noexcept { return folder_; }
  void resize(std::uint64_t bytes) { remount(0, fmt::format("size={}", bytes)); }
  /// Room for so many more files and folders, whatever their size.
  void allow_files(std::uint64_t count) {
    struct statvfs facts = {};
    if (::statvfs(folder_.c_str(), &facts) != 0) throw std::runtime_error("no statvfs");
    remount(0, fmt::format("nr_inodes={}", facts.f_files - facts.f_ffree + count));
  }
  void make_read_only() { remount(MS_RDONLY, ""); }
  void make_writable() { remount(0, ""); }
  /// A file that takes all room but so many bytes.
  void fill_up_to(std::uint64_t left) {
    struct statvfs facts = {};
    if (::statvfs(folder_.c_str(), &facts) != 0) throw std::runtime_error("no statvfs");
    const std::uint64_t room = std::uint64_t{facts.f_bavail} * facts.f_frsize;
    const int file = ::open(filler().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (room > left && ::posix_fallocate(file, 0, static_cast<off_t>(room - left)) != 0)
      throw std::runtime_error("cannot fill " + folder_);
    ::close(file);
  }
  void make_room() { std::filesystem::remove(filler()); }

 private:
  std::string filler() const { return folder_ + "/filler"; }
  void remount(unsigned long flags, const std::string& options) {
    if (!mounted_) return;
    if (::mount("none", folder_.c_str(), "tmpfs", MS_REMOUNT | flags, options.c_str()) != 0)
      throw std::runtime_error("cannot remount " + folder_);
  }
  std::string folder_;
  bool mounted_ = false;
};

}  // namespace intr::test
