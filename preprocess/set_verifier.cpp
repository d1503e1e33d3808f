// SPDX-License-Identifier: Apache-2.0
#include "preprocess/set_verifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <tuple>
#include <utility>

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

namespace {

/// The splits whose index can be read, and the shards of each.
class SetShards {
 public:
  SetShards(const std::string& set, const VerifyOptions& options, std::vector<Damage>& damages) {
    for (const Manifest::Split& split : Manifest::read(set).splits) {
      try {
        indices_.push_back(std::make_unique<DataIndex>(DataIndex::open(set, split.name)));
      } catch (const DataError& error) {  // its shards cannot be judged without it
        faults_.push_back({split.index_file, error.what(), -1, {}, 0, 0});
        continue;
      }
      const DataIndex& index = *indices_.back();
      checks_.push_back(
          std::make_unique<SplitCheck>(index, options.level, options.threads, damages));
      for (std::int64_t shard = 0; shard < std::ssize(index.shards()); ++shard)
        shards_.emplace_back(indices_.size() - 1, shard);
      samples_ += index.size();
    }
  }

  std::int64_t count() const noexcept { return std::ssize(shards_); }
  std::int64_t samples() const noexcept { return samples_; }
  const std::vector<Damage>& faults() const noexcept { return faults_; }
  /// Checks one. @return its number of samples
  std::int64_t check(std::int64_t number) {
    const auto [split, shard] = shards_[static_cast<std::size_t>(number)];
    checks_[split]->check_shard(shard);
    return indices_[split]->shards()[static_cast<std::size_t>(shard)].num_samples;
  }

 private:
  std::vector<std::unique_ptr<DataIndex>> indices_;
  std::vector<std::unique_ptr<SplitCheck>> checks_;
  std::vector<std::pair<std::size_t, std::int64_t>> shards_;
  std::vector<Damage> faults_;
  std::int64_t samples_ = 0;
};

/// What a rank found, for rank 0.
std::string packed(const VerifyResult& result) {
  nlohmann::ordered_json damages = nlohmann::ordered_json::array();
  for (const Damage& d : result.damages)
    damages.push_back(
        {printable(d.file), printable(d.what), d.sample_id, printable(d.path), d.begin, d.end});
  return nlohmann::ordered_json({{"stopped", result.stopped}, {"damages", damages}}).dump();
}

void unpack_into(VerifyResult& result, const std::string& text) {
  const auto json = nlohmann::ordered_json::parse(text);
  result.stopped = result.stopped || json.at("stopped").get<bool>();
  for (const auto& d : json.at("damages"))
    result.damages.push_back(
        {from_printable(d.at(0).get<std::string>()), from_printable(d.at(1).get<std::string>()),
         d.at(2).get<std::int64_t>(), from_printable(d.at(3).get<std::string>()),
         d.at(4).get<std::uint64_t>(), d.at(5).get<std::uint64_t>()});
}

}  // namespace

VerifyResult verify_set(const std::string& set, const VerifyOptions& options, RankTeam& team) {
  VerifyResult mine;
  SetShards shards(set, options, mine.damages);
  {
    const std::unique_ptr<WorkCounter> counter = team.open_counter();
    for (std::int64_t next = counter->take(); next < shards.count(); next = counter->take()) {
      mine.stopped = options.stop_requested();
      if (mine.stopped) break;
      options.advance(shards.check(next));
    }
  }
  VerifyResult result;
  for (const std::string& text : team.gather(packed(mine))) unpack_into(result, text);
  result.damages.insert(result.damages.end(), shards.faults().begin(), shards.faults().end());
  result.samples = shards.samples();
  result.shards = shards.count();
  std::stable_sort(result.damages.begin(), result.damages.end(),
                   [](const Damage& a, const Damage& b) {
                     return std::tie(a.file, a.begin) < std::tie(b.file, b.begin);
                   });
  return result;
}

}  // namespace intr
