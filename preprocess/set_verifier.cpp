// SPDX-License-Identifier: Apache-2.0
#include "preprocess/set_verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/parallel.h"
#include "intr/core/printable.h"
#include "intr/data/data_index.h"
#include "intr/data/manifest.h"
#include "intr/data/shard_reader.h"
#include "intr/image/decode.h"
#include "intr/io/file_range.h"

namespace intr {
namespace {

/// Checks the shards of one split.
class SplitCheck {
 public:
  SplitCheck(const DataIndex& index, VerifyLevel level, std::int64_t threads,
             std::vector<Damage>& damages)
      : index_(&index), reader_(index), level_(level), threads_(threads), damages_(&damages) {}

  void check_shard(std::int64_t shard) {
    const DataIndex::Shard& facts = index_->shards()[static_cast<std::size_t>(shard)];
    const std::size_t before = damages_->size();
    bool opens = true;
    try {
      reader_.check(shard);
    } catch (const Error& error) {
      opens = false;
      add({facts.file, error.what(), -1, {}, 0, 0});
    }
    if (level_ == VerifyLevel::kQuick && opens) return;
    std::uint64_t size = 0;
    bool intact = false;
    try {
      size = InputFile(index_->set() + "/" + facts.file).size();
      intact =
          opens && size == facts.bytes && hash_file(index_->set() + "/" + facts.file) == facts.hash;
    } catch (const Error&) {
      return;  // a missing file was reported by reader_.check
    }
    if (intact && level_ != VerifyLevel::kDecode) return;
    check_pictures(shard, opens, size);
    if (!intact && damages_->size() == before) {
      add({facts.file,
           "bytes outside of the pictures are not those that were packed",
           -1,
           {},
           0,
           0});
    }
  }

 private:
  void check_pictures(std::int64_t shard, bool opens, std::uint64_t size) {
    std::vector<std::int64_t> rows;
    for (std::int64_t row = 0; row < index_->size(); ++row)
      if (index_->shard_of(row) == shard) rows.push_back(row);
    const std::uint64_t data_begin = index_->shards()[static_cast<std::size_t>(shard)].data_begin;
    parallel_for(std::ssize(rows), threads_, [&](std::int64_t i) {
      const std::int64_t row = rows[static_cast<std::size_t>(i)];
      std::string what;
      if (opens) {
        what = picture_fault(row);
      } else if (data_begin > 0) {
        what = raw_fault(row, data_begin, size);
      }
      if (what.empty()) return;
      const std::uint64_t begin = data_begin + index_->begin(row);
      add({index_->shards()[static_cast<std::size_t>(shard)].file, what, index_->sample_id(row),
           index_->path(row), begin, begin + index_->length(row)});
    });
  }

  std::string picture_fault(std::int64_t row) const {
    try {
      if (level_ == VerifyLevel::kDecode) {
        reader_.decode(row);
      } else {
        reader_.read(row);
      }
      return {};
    } catch (const Error& error) {
      return error.what();
    }
  }

  /// For a shard that does not open: its pictures are looked for where they were packed.
  std::string raw_fault(std::int64_t row, std::uint64_t data_begin, std::uint64_t size) const {
    const DataIndex::Shard& facts =
        index_->shards()[static_cast<std::size_t>(index_->shard_of(row))];
    const std::uint64_t begin = data_begin + index_->begin(row);
    if (begin + index_->length(row) > size)
      return fmt::format("lost: the shard ends at byte {}", size);
    std::vector<std::byte> bytes(index_->length(row));
    InputFile(index_->set() + "/" + facts.file).read(begin, bytes);
    return xxh3_64(bytes) == index_->hash(row) ? "" : "not the bytes that were packed";
  }

  void add(Damage damage) {
    const std::lock_guard lock(mutex_);
    damages_->push_back(std::move(damage));
  }

  const DataIndex* index_;
  ShardReader reader_;
  VerifyLevel level_;
  std::int64_t threads_;
  std::vector<Damage>* damages_;
  std::mutex mutex_;
};

}  // namespace

std::string Damage::text() const {
  if (sample_id < 0) return fmt::format("{}: {}", file, what);
  return fmt::format("{}: sample {} ({}), bytes {} to {}: {}", file, sample_id, printable(path),
                     begin, end, what);
}

nlohmann::ordered_json Damage::json() const {
  nlohmann::ordered_json result = {{"file", file}, {"what", what}};
  if (sample_id < 0) return result;
  result["sample"] = sample_id;
  result["path"] = printable(path);
  result["begin"] = begin;
  result["end"] = end;
  return result;
}

VerifyResult verify_set(const std::string& set, VerifyLevel level, std::int64_t threads,
                        const std::function<void(std::int64_t)>& advance) {
  const Manifest manifest = Manifest::read(set);
  VerifyResult result;
  for (const Manifest::Split& split : manifest.splits) {
    try {
      const DataIndex index = DataIndex::open(set, split.name);
      SplitCheck check(index, level, threads, result.damages);
      for (std::int64_t shard = 0; shard < std::ssize(index.shards()); ++shard) {
        check.check_shard(shard);
        advance(index.shards()[static_cast<std::size_t>(shard)].num_samples);
      }
      result.samples += index.size();
      result.shards += std::ssize(index.shards());
    } catch (const DataError& error) {  // the index: its shards cannot be judged without it
      result.damages.push_back({split.index_file, error.what(), -1, {}, 0, 0});
    }
  }
  std::stable_sort(result.damages.begin(), result.damages.end(),
                   [](const Damage& a, const Damage& b) {
                     return std::tie(a.file, a.begin) < std::tie(b.file, b.begin);
                   });
  return result;
}

}  // namespace intr
