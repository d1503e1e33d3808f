// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/photo_source.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/printable.h"
#include "intr/data/data_index.h"
#include "intr/data/shard_reader.h"
#include "intr/image/decode.h"
#include "intr/io/file_range.h"

namespace intr {

namespace {

std::string sample_name(const DumpSample& sample) {
  return fmt::format("sample {} ({})", sample.sample_id, printable(sample.path));
}

/// A path that stays below its folder.
bool stays_below(const std::string& path) {
  return !path.empty() && path[0] != '/' && ("/" + path + "/").find("/../") == std::string::npos;
}

}  // namespace

struct PhotoSource::State {
  PhotoOptions options;
  std::optional<DataIndex> index;
  std::optional<ShardReader> reader;
};

void describe(PhotoOptions& options, OptionSet& set) {
  set.group("Pictures")
      .add("data", options.data, "packed data set (intr-pack) that the dump was made from")
      .add("images", options.images, "instead: folder below which the samples' paths lie")
      .add("any-image", options.any_image,
           "accept pictures whose bytes are not those that the network saw");
}

PhotoSource::PhotoSource(const PhotoOptions& options, const DumpFacts& facts)
    : state_(std::make_unique<State>()) {
  if (options.data.empty() == options.images.empty())
    throw UsageError("the pictures come from a packed set or from a folder", "--data, --images",
                     "give one of --data SET and --images FOLDER");
  state_->options = options;
  if (options.data.empty()) return;
  state_->index = DataIndex::open(options.data, facts.split);
  if (state_->index->dataset_id() != facts.dataset_id && !options.any_image)
    throw DataError(fmt::format("it is data set {}, the dump was made from {}",
                                state_->index->dataset_id(), facts.dataset_id),
                    options.data, "give the packed set of the dump, or --any-image");
  state_->reader.emplace(*state_->index);
}

PhotoSource::PhotoSource(PhotoSource&&) noexcept = default;
PhotoSource::~PhotoSource() = default;

std::vector<std::byte> PhotoSource::read(const DumpSample& sample) const {
  std::vector<std::byte> bytes;
  if (state_->reader) {
    const std::int64_t row = state_->index->find(sample.sample_id);
    if (row < 0)
      throw DataError("the data set has no such sample", sample_name(sample),
                      "give the packed set of the dump");
    bytes = state_->reader->read(row);
  } else {
    if (!stays_below(sample.path))
      throw DataError("its path leads out of the folder", sample_name(sample), "use --data SET");
    bytes = InputFile(state_->options.images + "/" + sample.path).read_all();
  }
  if (xxh3_64(bytes) != sample.image_hash && !state_->options.any_image)
    throw DataError("its picture is not the one that the network saw", sample_name(sample),
                    "give the data of the dump, or --any-image");
  return bytes;
}

Image decode_photo(const std::vector<std::byte>& bytes, const DumpSample& sample, bool any_image) {
  Image photo = decode_image(bytes, sample_name(sample));
  if (photo.size != sample.source_size && !any_image)
    throw DataError(
        fmt::format("its picture has {} x {} pixels, the network saw {} x {}", photo.size.width,
                    photo.size.height, sample.source_size.width, sample.source_size.height),
        sample_name(sample), "give the data of the dump, or --any-image");
  return photo;
}

}  // namespace intr
