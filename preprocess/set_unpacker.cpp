// SPDX-License-Identifier: Apache-2.0
#include "preprocess/set_unpacker.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <numeric>

#include "intr/core/error.h"
#include "intr/core/parallel.h"
#include "intr/core/printable.h"
#include "intr/data/shard_reader.h"

namespace intr {
namespace {

/// Merged sets may hold two samples under one path: only one of them could be written.
void require_own_paths(const DataIndex& index) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(index.size()));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  std::vector<std::string> paths;
  paths.reserve(rows.size());
  for (const std::int64_t row : rows) paths.push_back(index.path(row));
  const auto path_of = [&](std::int64_t row) -> const std::string& {
    return paths[static_cast<std::size_t>(row)];
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](std::int64_t a, std::int64_t b) { return path_of(a) < path_of(b); });
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::int64_t a = rows[i - 1], b = rows[i];
    if (path_of(a) != path_of(b) || index.hash(a) == index.hash(b)) continue;
    throw DataError(
        fmt::format("samples {} and {} of split '{}' are different pictures with one path, {}",
                    index.sample_id(a), index.sample_id(b), index.split(), printable(path_of(a))),
        index.set(), "write each with intr-pack show --sample ID --image FILE");
  }
}

/// Counts what threads do.
class Tally {
 public:
  explicit Tally(const UnpackOptions& options) : options_(&options) {}
  void count(std::int64_t row, OutputTree::Content found, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    if (found == OutputTree::Content::kSame) {
      ++result_.kept;
    } else if (found == OutputTree::Content::kOther && !options_->overwrite) {
      others_.push_back(row);
    } else {
      ++result_.written;
      result_.bytes += bytes;
    }
    options_->advance();
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    result_.stopped = true;
  }
  UnpackResult result(const DataIndex& index) {
    std::sort(others_.begin(), others_.end());
    for (const std::int64_t row : others_)
      result_.others.push_back(index.split() + "/" + index.path(row));
    return std::move(result_);
  }

 private:
  const UnpackOptions* options_;
  std::mutex mutex_;
  UnpackResult result_;
  std::vector<std::int64_t> others_;
};

}  // namespace

UnpackResult unpack_split(const DataIndex& index, OutputTree& tree, const UnpackOptions& options) {
  using Content = OutputTree::Content;
  require_own_paths(index);
  const ShardReader reader(index);
  Tally tally(options);
  parallel_for(index.size(), options.threads, [&](std::int64_t row) {
    if (options.stop_requested()) return tally.stop();
    const std::string path = index.split() + "/" + index.path(row);
    const Content found = tree.content(path, index.length(row), index.hash(row));
    if (found == Content::kNothing || (found == Content::kOther && options.overwrite))
      tree.write(path, reader.read(row));
    tally.count(row, found, index.length(row));
  });
  return tally.result(index);
}

}  // namespace intr
