// SPDX-License-Identifier: Apache-2.0
#include "intr/io/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/host_name.h"

namespace intr {
namespace {

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags, const char* action)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0644)), path_(path) {
    if (fd_ < 0) throw_system_error(action, path, errno);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }
  void sync() {
    if (::fsync(fd_) != 0) throw_system_error("sync", path_, errno);
  }
  void write_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw_system_error("write", path_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  int fd_;
  std::string path_;
};

std::string folder_of(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent;
}

}  // namespace

AtomicFile::AtomicFile(std::string final_path, const std::string& tag)
    : final_(std::move(final_path)) {
  const std::filesystem::path path(final_);
  // Writers of one name may be on several machines, with equal process numbers.
  const std::string suffix = tag.empty() ? fmt::format("{}-{}", host_name(), ::getpid()) : tag;
  temporary_ =
      (path.parent_path() / fmt::format(".{}.tmp-{}", path.filename().string(), suffix)).string();
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);  // left by an earlier run with the same tag
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : final_(std::move(other.final_)), temporary_(std::exchange(other.temporary_, {})) {}

AtomicFile::~AtomicFile() {
  if (temporary_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
}

void AtomicFile::commit() {
  sync();
  rename();
  sync_folder();
}

void AtomicFile::sync() const { Descriptor(temporary_, O_RDONLY, "open").sync(); }

void AtomicFile::rename() {
  if (::rename(temporary_.c_str(), final_.c_str()) != 0)
    throw_system_error("rename to " + final_, temporary_, errno);
  temporary_.clear();
}

void AtomicFile::sync_folder() const {
  Descriptor(folder_of(final_), O_RDONLY | O_DIRECTORY, "open").sync();
}

void remove_leftovers(const std::string& final_path) {
  const std::string prefix =
      fmt::format(".{}.tmp-", std::filesystem::path(final_path).filename().string());
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_of(final_path), ignored)) {
    if (entry.path().filename().string().starts_with(prefix))
      std::filesystem::remove_all(entry.path(), ignored);  // writers may use a folder beside it
  }
}

void write_file(const std::string& path, std::string_view contents) {
  AtomicFile file(path);
  {
    Descriptor out(file.temporary_path(), O_WRONLY | O_CREAT | O_TRUNC, "create");
    out.write_all(contents);
  }
  file.commit();
}

bool write_new_file(const std::string& path, std::string_view contents) {
  const AtomicFile file(path);  // its destructor removes the temporary name in every case
  {
    Descriptor out(file.temporary_path(), O_WRONLY | O_CREAT | O_TRUNC, "create");
    out.write_all(contents);
    out.sync();
  }
  if (::link(file.temporary_path().c_str(), path.c_str()) != 0) {
    const int error_number = errno;
    // ENOENT: the winner tidied up our temporary file.
    if (error_number == EEXIST || (error_number == ENOENT && std::filesystem::exists(path)))
      return false;
    errno = error_number;
    throw_system_error("link to " + path, file.temporary_path(), errno);
  }
  Descriptor(folder_of(path), O_RDONLY | O_DIRECTORY, "open").sync();
  return true;
}

void reserve_space(const std::string& path, std::uint64_t bytes) {
  if (bytes == 0) return;
  const Descriptor file(path, O_WRONLY, "open");
  // Not posix_fallocate: where the file system cannot, that one writes every block.
  while (::fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)) != 0) {
    if (errno == EINTR) continue;
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
      throw_system_error("reserve space for", path, errno);
    return;
  }
}

std::string read_file(const std::string& path) {
  const Descriptor file(path, O_RDONLY, "open");
  std::string contents;
  char block[1 << 16];
  while (true) {
    const ssize_t got = ::read(file.get(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_system_error("read", path, errno);
    if (got == 0) return contents;
    contents.append(block, static_cast<std::size_t>(got));
  }
}

void append_line(const std::string& path, std::string_view line) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_APPEND, "open");
  file.write_all(fmt::format("{}\n", line));
}

void make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error)
    throw EnvironmentError("cannot make the folder: " + error.message(), path,
                           "check the path and its permissions");
}

unsigned long long free_bytes(const std::string& path) {
  struct statvfs facts = {};
  if (::statvfs(path.c_str(), &facts) != 0) throw_system_error("ask for free space", path, errno);
  return static_cast<unsigned long long>(facts.f_bavail) * facts.f_frsize;
}

}  // namespace intr
