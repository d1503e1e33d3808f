// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/gallery.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "intr/attention/gallery_columns.h"
#include "intr/attention/gallery_page.h"
#include "intr/attention/gallery_sample.h"
#include "intr/attention/gallery_scores.h"
#include "intr/attention/map_block.h"
#include "intr/attention/sample_maps.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/io/atomic_file.h"

namespace intr {

namespace {

/// Peaks of the mean maps that the page shows first, by place in the list of rows.
struct MeanPeaks {
  explicit MeanPeaks(std::size_t count) : peak(count), contrast(count) {}

  void note(std::size_t place, const SampleMaps& maps, std::int64_t layer,
            const ShownQueries& shown) {
    const auto cells = static_cast<float>(maps.grid().area());
    const std::vector<float> own = maps.mean(layer, shown.slots[0]);
    peak[place] = cells * *std::max_element(own.begin(), own.end());
    if (!shown.runner_up) return;
    const std::vector<float> other = maps.mean(layer, shown.slots[1]);
    for (std::size_t i = 0; i < own.size(); ++i)
      contrast[place] = std::max(contrast[place], cells * std::abs(own[i] - other[i]));
  }

  GalleryScales scales(const DumpFacts& facts) const {
    constexpr double kShare = 0.99;
    return {facts.peak_p99, facts.contrast_p99, static_cast<double>(nearest_rank(peak, kShare)),
            static_cast<double>(nearest_rank(contrast, kShare)), facts.value_p99};
  }

  std::vector<float> peak, contrast;
};

/// Chunks of an earlier, longer gallery in the same folder.
void remove_further_chunks(const std::string& folder, std::int64_t first) {
  std::error_code ignored;
  for (std::int64_t number = first;
       std::filesystem::remove(folder + "/" + gallery_chunk_name(number), ignored); ++number) {
  }
}

/// Where chunks go: files of their own, or the page.
class ChunkStore {
 public:
  explicit ChunkStore(const GalleryOptions& options) : options_(options) {}

  void add(const std::vector<std::string>& entries) {
    std::string rows = fmt::format("[{}]", fmt::join(entries, ",\n"));
    if (!options_.single_file) {
      write_file(options_.out + "/" + gallery_chunk_name(number_),
                 fmt::format("intrChunk({},{});\n", number_, rows));
    } else {
      bytes_ += rows.size();
      in_page_.push_back(std::move(rows));
    }
    ++number_;
  }

  std::int64_t num_files() const { return options_.single_file ? 0 : number_; }
  /// 0 if chunks are files.
  std::uint64_t bytes_in_page() const { return bytes_; }
  std::span<const std::string> in_page() const { return in_page_; }

 private:
  const GalleryOptions& options_;
  std::int64_t number_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<std::string> in_page_;
};

/// @param what what takes so many bytes, such as "the maps of 9 samples take"
void require_single_file(std::uint64_t bytes, const GalleryOptions& options,
                         const std::string& what) {
  if (bytes <= options.single_file_limit) return;
  throw UsageError(fmt::format("{} {} MB, a single file may hold {} MB", what, bytes / 1'000'000,
                               options.single_file_limit / 1'000'000),
                   "--single-file",
                   "leave it out, the folder opens as well; or show less with --limit, "
                   "--photo-side or --queries verdict");
}

/// Refuses before any picture is read what the maps alone make too large.
void require_room_for_maps(const MapReader& reader, std::span<const std::int64_t> rows,
                           const GalleryOptions& options) {
  if (!options.single_file) return;
  std::uint64_t bytes = 0;
  for (const std::int64_t row : rows)
    bytes += gallery_map_bytes(reader.facts(), reader.sample(row), options.queries == "all");
  require_single_file(bytes, options,
                      fmt::format("the maps of {} samples alone take", rows.size()));
}

std::vector<GalleryScore> scores_of(const MapReader& reader, std::span<const std::int64_t> rows,
                                    const std::string& path) {
  if (path.empty()) return {};
  std::vector<std::int64_t> sample_ids;
  for (const std::int64_t row : rows) sample_ids.push_back(reader.sample(row).sample_id);
  return read_gallery_scores(path, sample_ids);
}

}  // namespace

std::vector<SampleFailure> write_gallery(const MapReader& reader, const PhotoSource& photos,
                                         std::span<const std::int64_t> rows,
                                         const GalleryOptions& options,
                                         const LoopControl& control) {
  const DumpFacts& facts = reader.facts();
  const bool every_query = options.queries == "all";
  const GallerySampleOptions sample_options{find_layer(facts, options.layer), options.photo_side,
                                            options.any_image};
  GalleryContents contents{.layer = sample_options.layer,
                           .every_query = every_query,
                           .chunk_files = !options.single_file,
                           .scores = scores_of(reader, rows, options.scores)};
  require_room_for_maps(reader, rows, options);
  make_folder(options.out);
  std::vector<SampleFailure> failures;
  MeanPeaks peaks(rows.size());
  ChunkStore chunks(options);
  const std::int64_t count = std::ssize(rows);
  for (std::int64_t first = 0; first < count; first += kGalleryChunk) {
    const std::int64_t last = std::min(first + kGalleryChunk, count);
    const auto part =
        rows.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
    std::vector<std::string> entries(part.size(), "null");
    const auto draw = [&](SampleInputs& inputs) {
      const auto place = static_cast<std::size_t>(inputs.position);
      const SampleMaps maps(facts, *inputs.sample, std::move(inputs.maps));
      const ShownQueries shown = shown_queries(*inputs.sample, every_query);
      entries[place] = gallery_sample(inputs, maps, facts, shown, sample_options);
      peaks.note(static_cast<std::size_t>(first) + place, maps, sample_options.layer, shown);
    };
    const auto bad =
        for_each_sample(reader, photos, part, control, draw, MapField::kMap, facts.values);
    failures.insert(failures.end(), bad.begin(), bad.end());
    if (control.stop && control.stop()) return failures;
    chunks.add(entries);
    require_single_file(
        chunks.bytes_in_page(), options,
        fmt::format("pictures and maps of the first {} of {} samples take", last, count));
  }
  const std::string title = options.title.empty()
                                ? fmt::format("Attention, split {}", printable(facts.split))
                                : options.title;
  contents.scales = peaks.scales(facts);
  write_gallery_page(options.out + "/index.html", title, options.report,
                     gallery_columns(reader, rows, contents), chunks.in_page());
  remove_further_chunks(options.out, chunks.num_files());
  return failures;
}

}  // namespace intr
