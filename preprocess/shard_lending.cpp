// SPDX-License-Identifier: Apache-2.0
#include "preprocess/shard_lending.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <span>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/parallel.h"
#include "intr/core/printable.h"
#include "intr/io/atomic_file.h"
#include "intr/io/file_range.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

struct StopNow {};

/// A file open for writing.
class Output {
 public:
  explicit Output(const std::string& path)
      : path_(path),
        descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0) throw_system_error("create", path, errno);
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw_system_error("write", path_, errno);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
  }
  void close() {
    if (::close(std::exchange(descriptor_, -1)) != 0) throw_system_error("close", path_, errno);
  }

 private:
  std::string path_;
  int descriptor_;
};

[[noreturn]] void refuse(const SetUnion::Lent& lent, const std::string& what) {
  throw DataError(what, printable(lent.from),
                  "copy that set again; intr-pack verify lists all damage");
}

void require_size(const SetUnion::Lent& lent) {
  const std::uint64_t size = InputFile(lent.from).size();
  if (size != lent.shard.bytes)
    refuse(lent, fmt::format("has {} bytes, its manifest says {}", size, lent.shard.bytes));
}

void copy_shard(const SetUnion::Lent& lent, const std::string& temporary,
                const std::function<bool()>& stop_requested) {
  const InputFile input(lent.from);
  Output output(temporary);
  Hash128 hash;
  std::vector<std::byte> block(std::size_t{4} << 20);
  for (std::uint64_t done = 0; done < lent.shard.bytes;) {
    if (stop_requested()) throw StopNow();
    const std::uint64_t count = std::min<std::uint64_t>(block.size(), lent.shard.bytes - done);
    const auto part = std::span(block).first(count);
    input.read(done, part);
    hash.add(std::span<const std::byte>(part));
    output.write(part);
    done += count;
  }
  output.close();
  if (hash.hex() != lent.shard.hash) refuse(lent, "its bytes are not those that were packed");
}

void link_shard(const SetUnion::Lent& lent, const std::string& temporary) {
  std::error_code error;
  fs::remove(temporary, error);
  fs::create_hard_link(lent.from, temporary, error);
  if (!error) return;
  throw EnvironmentError(fmt::format("cannot be linked: {}", error.message()), printable(lent.from),
                         "links need one file system for both folders: leave out --link");
}

bool is_there(const SetUnion::Lent& lent, const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return false;
  if (fs::equivalent(path, lent.from, error)) return true;
  return fs::file_size(path, error) == lent.shard.bytes && hash_file(path) == lent.shard.hash;
}

}  // namespace

bool lend_shards(const std::vector<SetUnion::Lent>& shards, const std::string& folder,
                 const LendingOptions& options) {
  try {
    parallel_for(std::ssize(shards), options.threads, [&](std::int64_t i) {
      const SetUnion::Lent& lent = shards[static_cast<std::size_t>(i)];
      if (options.stop_requested()) throw StopNow();
      require_size(lent);
      const std::string path = folder + "/" + lent.shard.file;
      if (is_there(lent, path)) return;
      AtomicFile target(path, "lent");
      if (options.link) {
        link_shard(lent, target.temporary_path());
      } else {
        copy_shard(lent, target.temporary_path(), options.stop_requested);
      }
      target.commit();
    });
  } catch (const StopNow&) {
    return false;
  }
  return true;
}

}  // namespace intr
