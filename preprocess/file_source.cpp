// SPDX-License-Identifier: Apache-2.0
#include "preprocess/file_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/parallel.h"
#include "intr/core/printable.h"
#include "intr/io/file_range.h"

namespace intr {
namespace {

/// More than there are cores: these threads wait for the file system.
constexpr std::int64_t kAskingThreads = 16;

std::int64_t mtime_ns(const struct stat& facts) {
  return facts.st_mtim.tv_sec * std::int64_t{1'000'000'000} + facts.st_mtim.tv_nsec;
}

struct stat facts_of(const std::string& path) {
  struct stat facts = {};
  if (::stat(path.c_str(), &facts) == 0) return facts;
  const int reason = errno;
  struct stat link = {};
  if (reason == ENOENT && ::lstat(path.c_str(), &link) == 0)
    throw DataError("a link that leads nowhere", printable(path),
                    "remove it or replace it by a picture");
  throw_system_error("look at", printable(path), reason);
}

}  // namespace

void FileSource::look_at_files(Listing& listing) const {
  for (SourceSplit& split : listing.splits) {
    parallel_for(std::ssize(split.files), kAskingThreads, [&](std::int64_t i) {
      SourceFile& file = split.files[static_cast<std::size_t>(i)];
      const std::string path = path_of(split.name, file);
      const struct stat facts = facts_of(path);
      if (!S_ISREG(facts.st_mode))
        throw DataError("no regular file: a pipe, socket or device is never opened",
                        printable(path), "remove it or replace it by a picture");
      if (::access(path.c_str(), R_OK) != 0) throw_system_error("read", printable(path), errno);
      file.size = static_cast<std::uint64_t>(facts.st_size);
      file.mtime_ns = mtime_ns(facts);
    });
  }
}

LoadedFile FileSource::load(const std::string& split, const SourceFile& file) const {
  const std::string path = path_of(split, file);
  const struct stat facts = facts_of(path);
  if (static_cast<std::uint64_t>(facts.st_size) != file.size || mtime_ns(facts) != file.mtime_ns) {
    throw DataError("changed while it was packed", printable(path),
                    "run the same command again when nothing writes to the source any more");
  }
  LoadedFile loaded;
  loaded.bytes.resize(file.size);
  InputFile(path).read(0, loaded.bytes);
  loaded.source_hash = xxh3_64(loaded.bytes);
  return loaded;
}

std::string FileSource::name_of(const std::string& split, const SourceFile& file) const {
  return printable(path_of(split, file));
}

}  // namespace intr
