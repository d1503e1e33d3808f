// SPDX-License-Identifier: Apache-2.0
#include "preprocess/shard_lending.h"

#include <fmt/format.h>

#include <filesystem>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/parallel.h"
#include "intr/core/printable.h"
#include "intr/io/atomic_file.h"
#include "intr/io/checked_copy.h"
#include "intr/io/file_range.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

struct StopNow {};

void require_size(const SetUnion::Lent& lent) {
  const std::uint64_t size = InputFile(lent.from).size();
  if (size == lent.shard.bytes) return;
  throw DataError(fmt::format("has {} bytes, its manifest says {}", size, lent.shard.bytes),
                  printable(lent.from), "copy that set again; intr-pack verify lists all damage");
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
        if (!copy_checked(lent.from, target.temporary_path(), lent.shard.hash,
                          options.stop_requested))
          throw StopNow();
      }
      target.commit();
    });
  } catch (const StopNow&) {
    return false;
  }
  return true;
}

}  // namespace intr
