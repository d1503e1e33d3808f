// SPDX-License-Identifier: Apache-2.0
// records_bench SET SPLIT ROUNDS: what our layer adds to reading stored pictures and to decoding
// them. In every round, over all pictures of the split in one random order and on one thread:
// `pread` of a picture's bytes against our reading without and with the check of its hash, and bare
// libjpeg against our decoding; the two sides of each take turns, 16 pictures at a time. Prints one
// JSON object with the medians of the rounds' ratios (bare time / our time, 1 = equally fast).
// Only JPEG pictures count.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <jpeglib.h>

#include "intr/core/error.h"
#include "intr/core/guard.h"
#include "intr/core/quantile.h"
#include "intr/data/data_index.h"
#include "intr/data/shard_reader.h"

namespace intr {
namespace {

constexpr std::size_t kTurn = 16;  // pictures

double seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The shards' files, read with nothing but pread().
class BareFiles {
 public:
  explicit BareFiles(const DataIndex& index) : index_(&index) {
    for (const DataIndex::Shard& shard : index.shards()) {
      const std::string path = index.set() + "/" + shard.file;
      files_.push_back(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (files_.back() < 0) throw_system_error("open", path, errno);
    }
  }
  ~BareFiles() {
    for (const int file : files_) ::close(file);
  }
  void read(std::int64_t row, std::vector<std::byte>& bytes) const {
    const auto shard = static_cast<std::size_t>(index_->shard_of(row));
    const std::uint64_t place = index_->shards()[shard].data_begin + index_->begin(row);
    if (::pread(files_[shard], bytes.data(), index_->length(row), static_cast<off_t>(place)) !=
        static_cast<ssize_t>(index_->length(row)))
      throw InternalError("short read", index_->shards()[shard].file);
  }

 private:
  const DataIndex* index_;
  std::vector<int> files_;
};

/// libjpeg alone, with the settings that give Pillow's pixels.
void bare_decode(std::span<const std::byte> bytes, std::uint8_t* rgb) {
  jpeg_decompress_struct info = {};
  jpeg_error_mgr errors = {};
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  info.dct_method = JDCT_ISLOW;
  info.do_fancy_upsampling = TRUE;
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = rgb + std::size_t{info.output_scanline} * info.output_width * 3;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
}

class Measurement {
 public:
  Measurement(const std::string& set, const std::string& split)
      : index_(DataIndex::open(set, split)), reader_(index_), bare_(index_) {
    const auto& codecs = index_.columns().codec;
    for (std::int64_t row = 0; row < index_.size(); ++row) {
      if (codecs[static_cast<std::size_t>(row)] != static_cast<std::uint8_t>(Codec::kJpeg))
        continue;
      rows_.push_back(row);
      const std::size_t bytes = index_.length(row);
      most_ = std::max(most_, bytes);
      megabytes_ += static_cast<double>(bytes) / 1e6;
      rgb_.resize(
          std::max(rgb_.size(), static_cast<std::size_t>(index_.image_size(row).area()) * 3));
    }
    encoded_.resize(most_);
    require_equal_bytes();
  }

  /// The keys of one round: ratios and the bare sides' MB/s.
  std::map<std::string, double> round(unsigned number) {
    std::shuffle(rows_.begin(), rows_.end(), std::mt19937(number));
    const auto bare_read = [&](std::int64_t row) { bare_.read(row, encoded_); };
    const auto read = [&](std::int64_t row) {
      if (!reader_.read_ahead(row, std::span(encoded_).first(index_.length(row))))
        throw InternalError("a record cannot be read");
    };
    const auto read_checked = [&](std::int64_t row) { reader_.read_into(row, checked_); };
    const auto [pread_s, read_s] = in_turns(bare_read, read);
    const auto [pread_again_s, checked_s] = in_turns(bare_read, read_checked);
    const auto [jpeg_s, decode_s] =
        in_turns([&](std::int64_t row) { bare_decode(load(row), rgb_.data()); },
                 [&](std::int64_t row) { reader_.decode_into(image_, row, load(row)); });
    return {{"read_of_pread", pread_s / read_s},
            {"checked_read_of_pread", pread_again_s / checked_s},
            {"decode_of_libjpeg", jpeg_s / decode_s},
            {"pread_mb_s", megabytes_ / pread_s},
            {"libjpeg_mb_s", megabytes_ / jpeg_s}};
  }
  std::size_t pictures() const noexcept { return rows_.size(); }

 private:
  using Work = std::function<void(std::int64_t)>;

  std::span<const std::byte> load(std::int64_t row) {
    bare_.read(row, encoded_);
    return std::span(encoded_).first(index_.length(row));
  }

  /// Seconds of both over all rows, twice each. What a turn reads is in the caches when it begins.
  std::pair<double, double> in_turns(const Work& bare, const Work& ours) const {
    double sums[2] = {0, 0};
    const Work* const sides[2] = {&bare, &ours};
    for (std::size_t first = 0; first < rows_.size(); first += kTurn) {
      const std::size_t last = std::min(rows_.size(), first + kTurn);
      const auto pass = [&](std::size_t side) {
        for (std::size_t k = first; k < last; ++k) (*sides[side])(rows_[k]);
      };
      pass(0);
      for (const std::size_t side : {0u, 1u, 1u, 0u})
        sums[side] += seconds([&] { pass(side); }) / 2;
    }
    return {sums[0], sums[1]};
  }

  void require_equal_bytes() {
    for (const std::int64_t row : rows_) {
      const auto bytes = load(row);
      reader_.read_into(row, checked_);
      if (!std::equal(bytes.begin(), bytes.end(), checked_.begin(), checked_.end()))
        throw InternalError("the two sides read other bytes");
      reader_.decode_into(image_, row, bytes);
      if (image_.rgb.size() > rgb_.size()) throw InternalError("a picture has another size");
      bare_decode(bytes, rgb_.data());
      if (!std::equal(image_.rgb.begin(), image_.rgb.end(), rgb_.begin()))
        throw InternalError("the two sides decode to other pixels");
    }
  }

  DataIndex index_;
  ShardReader reader_;
  BareFiles bare_;
  std::vector<std::int64_t> rows_;
  std::size_t most_ = 0;
  double megabytes_ = 0;
  std::vector<std::byte> encoded_, checked_;
  std::vector<std::uint8_t> rgb_;
  Image image_;
};

ExitCode run(const std::string& set, const std::string& split, unsigned rounds) {
  Measurement measurement(set, split);
  std::map<std::string, std::vector<double>> all;
  for (unsigned number = 0; number < rounds; ++number)
    for (const auto& [key, value] : measurement.round(number)) all[key].push_back(value);
  std::string json =
      fmt::format("{{\"pictures\": {}, \"rounds\": {}", measurement.pictures(), rounds);
  for (const auto& [key, values] : all) {
    const auto [least, most] = std::minmax_element(values.begin(), values.end());
    json += fmt::format(", \"{}\": {{\"median\": {:.4f}, \"least\": {:.4f}, \"most\": {:.4f}}}",
                        key, median(values), *least, *most);
  }
  fmt::print("{}}}\n", json);
  return ExitCode::kDone;
}

}  // namespace
}  // namespace intr

int main(int argc, char** argv) {
  return intr::run_guarded("records_bench", [&] {
    if (argc != 4) throw intr::UsageError("records_bench SET SPLIT ROUNDS");
    return intr::run(argv[1], argv[2], static_cast<unsigned>(std::stoul(argv[3])));
  });
}
