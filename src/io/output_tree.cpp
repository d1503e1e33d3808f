// SPDX-License-Identifier: Apache-2.0
#include "intr/io/output_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/printable.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

/// Beside the files, not among them: a killed writer leaves nothing that looks like one.
constexpr const char* kScratchFolder = ".intr-unfinished";

/// A descriptor of one function.
class Descriptor {
 public:
  explicit Descriptor(int owned) noexcept : descriptor_(owned) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const noexcept { return descriptor_; }
  int release() noexcept { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

/// "a//b/./c" as a, b, c. @throws DataError for parts that lead up, and absolute paths
std::vector<std::string> parts_of(const std::string& path, const std::string& root) {
  std::vector<std::string> parts;
  bool outside = path.starts_with('/') || path.find('\0') != path.npos;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    outside = outside || part == "..";
    if (!part.empty() && part != ".") parts.push_back(part);
    begin = end + 1;
  }
  if (outside || parts.empty())
    throw DataError("this path leads out of the folder, nothing is written there",
                    printable(root + "/" + path), "the data is damaged or hostile: do not use it");
  return parts;
}

/// The folder of a path's last part. Nothing if it is not there and `make` is off.
std::optional<Descriptor> open_folder(int root_descriptor, const std::vector<std::string>& parts,
                                      const std::string& root, bool make) {
  Descriptor folder(::fcntl(root_descriptor, F_DUPFD_CLOEXEC, 0));
  std::string shown = root;
  if (folder.get() < 0) throw_system_error("open", printable(shown), errno);
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    shown += "/" + parts[i];
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int next = ::openat(folder.get(), parts[i].c_str(), kFlags);
    if (next < 0 && errno == ENOENT) {
      if (!make) return std::nullopt;
      if (::mkdirat(folder.get(), parts[i].c_str(), 0777) != 0 && errno != EEXIST)
        throw_system_error("make the folder", printable(shown), errno);
      next = ::openat(folder.get(), parts[i].c_str(), kFlags);
    }
    if (next < 0 && (errno == ENOTDIR || errno == ELOOP))
      throw DataError("a link or a file where a folder is needed; nothing is written through it",
                      printable(shown), "remove it, or choose an empty folder");
    if (next < 0) throw_system_error("open the folder", printable(shown), errno);
    folder = Descriptor(next);
  }
  return folder;
}

void write_all(int descriptor, std::span<const std::byte> bytes, const std::string& shown) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_system_error("write", shown, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

/// Fills `bytes`. @return whether the file has that many
bool read_all(int descriptor, std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::read(descriptor, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

void remove_files(int folder_descriptor) {
  const int copy = ::openat(folder_descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(copy), ::closedir);
  if (listing == nullptr) return;
  while (const dirent* entry = ::readdir(listing.get()))
    if (std::string_view(entry->d_name) != "." && std::string_view(entry->d_name) != "..")
      ::unlinkat(folder_descriptor, entry->d_name, 0);
}

}  // namespace

OutputTree::OutputTree(std::string root) : root_(std::move(root)) {
  make_folder(root_);
  Descriptor folder(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) throw_system_error("open the folder", printable(root_), errno);
  const std::optional<Descriptor> below =
      open_folder(folder.get(), {kScratchFolder, ""}, root_, true);
  // Some network file systems have no locks; there two writers would disturb each other.
  if (::flock(below->get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    throw EnvironmentError("another process writes into this folder now", printable(root_),
                           "wait until it ends, or choose another folder");
  remove_files(below->get());
  scratch_descriptor_ = ::fcntl(below->get(), F_DUPFD_CLOEXEC, 0);
  if (scratch_descriptor_ < 0) throw_system_error("open", printable(root_), errno);
  root_descriptor_ = folder.release();
}

OutputTree::~OutputTree() {
  remove_files(scratch_descriptor_);
  ::unlinkat(root_descriptor_, kScratchFolder, AT_REMOVEDIR);
  ::close(scratch_descriptor_);
  ::close(root_descriptor_);
}

OutputTree::Content OutputTree::content(const std::string& path, std::uint64_t size,
                                        std::uint64_t hash) const {
  const std::vector<std::string> parts = parts_of(path, root_);
  const std::optional<Descriptor> folder = open_folder(root_descriptor_, parts, root_, false);
  if (!folder) return Content::kNothing;
  const Descriptor file(::openat(folder->get(), parts.back().c_str(),
                                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.get() < 0) return errno == ENOENT ? Content::kNothing : Content::kOther;
  struct stat facts = {};
  if (::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode) ||
      static_cast<std::uint64_t>(facts.st_size) != size)
    return Content::kOther;
  std::vector<std::byte> bytes(size);
  return read_all(file.get(), bytes) && xxh3_64(bytes) == hash ? Content::kSame : Content::kOther;
}

void OutputTree::write(const std::string& path, std::span<const std::byte> bytes) {
  const std::vector<std::string> parts = parts_of(path, root_);
  const std::string shown = printable(root_ + "/" + path);
  const std::optional<Descriptor> folder = open_folder(root_descriptor_, parts, root_, true);
  const std::string name = fmt::format("{}", next_number_++);
  try {
    const Descriptor file(::openat(scratch_descriptor_, name.c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (file.get() < 0) throw_system_error("create", shown, errno);
    write_all(file.get(), bytes, shown);
    Descriptor closing(::fcntl(file.get(), F_DUPFD_CLOEXEC, 0));
    // Some file systems report a full disk only when the file is closed.
    if (closing.get() >= 0 && ::close(closing.release()) != 0)
      throw_system_error("close", shown, errno);
    if (::renameat(scratch_descriptor_, name.c_str(), folder->get(), parts.back().c_str()) != 0)
      throw_system_error("put in place", shown, errno);
  } catch (...) {
    ::unlinkat(scratch_descriptor_, name.c_str(), 0);
    throw;
  }
}

void OutputTree::finish() {
  if (::syncfs(root_descriptor_) != 0)
    throw_system_error("sync the file system of", printable(root_), errno);
}

}  // namespace intr
