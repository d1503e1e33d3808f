// SPDX-License-Identifier: Apache-2.0
#include "intr/io/file_range.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "intr/core/error.h"

namespace intr {

InputFile::InputFile(std::string path)
    : path_(std::move(path)),
      descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0) throw_system_error("open", path_, errno);
  struct stat facts = {};
  if (::fstat(descriptor_, &facts) == 0 && S_ISREG(facts.st_mode)) return;
  ::close(descriptor_);
  throw DataError("not a regular file", path_, "check the path");
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::uint64_t InputFile::size() const { return stamp().bytes; }

InputFile::Stamp InputFile::stamp() const {
  struct stat facts = {};
  if (::fstat(descriptor_, &facts) != 0) throw_system_error("ask for the size", path_, errno);
  return {.bytes = static_cast<std::uint64_t>(facts.st_size),
          .changed_ns = std::int64_t{facts.st_mtim.tv_sec} * 1'000'000'000 + facts.st_mtim.tv_nsec};
}

/// @param done bytes that were read before it ended or failed
int InputFile::read_from(std::uint64_t offset, std::span<std::byte> out,
                         std::size_t& done) const noexcept {
  for (done = 0; done < out.size();) {
    const ssize_t got = ::pread(descriptor_, out.data() + done, out.size() - done,
                                static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) return kEnds;
    done += static_cast<std::size_t>(got);
  }
  return 0;
}

int InputFile::try_read(std::uint64_t offset, std::span<std::byte> out) const noexcept {
  std::size_t done = 0;
  return read_from(offset, out, done);
}

void InputFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  std::size_t done = 0;
  const int error_number = read_from(offset, out, done);
  if (error_number == 0) return;
  if (error_number != kEnds)
    throw_system_error(fmt::format("read at byte {}", offset + done), path_, error_number);
  throw DataError(fmt::format("ends at byte {}, bytes up to {} were expected", offset + done,
                              offset + out.size()),
                  path_, "the file was cut: make it again or copy it again");
}

std::vector<std::byte> InputFile::read_all() const {
  std::vector<std::byte> bytes(size());
  read(0, bytes);
  return bytes;
}

}  // namespace intr
