// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace intr::test {

/// A file in memory, which costs no disk and is gone with the process.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(::memfd_create("test", MFD_CLOEXEC)) {
    write(0, bytes);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }
  void cut(std::size_t size) const {
    require(::ftruncate(descriptor_, static_cast<off_t>(size)) == 0);
  }
  void write(std::size_t at, std::string_view bytes) const {
    require(::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(at)) ==
            static_cast<ssize_t>(bytes.size()));
  }

 private:
  static void require(bool done) {
    if (!done) throw std::runtime_error("cannot make a file in memory");
  }

  int descriptor_;
};

}  // namespace intr::test
