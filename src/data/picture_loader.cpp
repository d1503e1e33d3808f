// SPDX-License-Identifier: Apache-2.0
#include "intr/data/picture_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/parallel.h"
#include "intr/core/printable.h"
#include "intr/io/file_range.h"

namespace intr {
namespace {

/// Runs `work` for one file. @return why the file is bad; empty if it is not
template <class Work>
std::string trouble_of(const Work& work) {
  try {
    work();
  } catch (const DataError& error) {
    return error.what();
  } catch (const EnvironmentError& error) {  // such as a file that may not be read
    return error.what();
  }
  return {};
}

std::vector<std::byte> read_picture(const std::string& path) { return InputFile(path).read_all(); }

}  // namespace

PictureLoader::PictureLoader(std::vector<std::string> paths, const Options& options)
    : paths_(std::move(paths)), options_(options) {
  const auto count = std::ssize(paths_);
  std::vector<std::optional<Planned>> found(paths_.size());
  std::vector<std::string> troubles(paths_.size());
  parallel_for(count, options_.threads, [&](std::int64_t i) {
    const auto place = static_cast<std::size_t>(i);
    found[place] = plan(i, troubles[place]);
  });
  std::vector<Planned> good;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i])
      good.push_back(*found[i]);
    else
      bad_.push_back({static_cast<std::int64_t>(i), troubles[i]});
  }
  std::sort(good.begin(), good.end(), [](const Planned& a, const Planned& b) {
    return std::tuple(a.final.height, a.final.width, a.position) <
           std::tuple(b.final.height, b.final.width, b.position);
  });
  for (const Planned& planned : good) {
    if (batches_.empty() || batches_.back().front().final != planned.final ||
        std::ssize(batches_.back()) == options_.batch_size)
      batches_.emplace_back();
    batches_.back().push_back(planned);
  }
  start_next();
}

std::optional<PictureLoader::Planned> PictureLoader::plan(std::int64_t position,
                                                          std::string& trouble) const {
  const std::string& path = paths_[static_cast<std::size_t>(position)];
  Planned planned{.position = position, .source = {}, .final = {}};
  trouble = trouble_of([&] {
    planned.source = probe_image(read_picture(path), printable(path)).size;
    check_pixel_limit(planned.source, printable(path));
  });
  if (!trouble.empty()) return std::nullopt;
  try {
    planned.final = plan_transform(options_.transform, planned.source, 0, 0, 0).final;
  } catch (const DataError&) {  // it names a sample, which this is not
    trouble = DataError(fmt::format("a picture of {} x {} pixels is too narrow for this model",
                                    planned.source.width, planned.source.height),
                        printable(path), "leave it out")
                  .what();
    return std::nullopt;
  }
  return planned;
}

Image PictureLoader::prepare_picture(const Planned& planned, LoadedPicture& picture) const {
  const std::string& path = paths_[static_cast<std::size_t>(planned.position)];
  const std::vector<std::byte> bytes = read_picture(path);
  picture.hash = xxh3_64(bytes);
  Image photo = decode_image(bytes, printable(path), &picture.facts);
  if (photo.size != planned.source)
    throw DataError("changed while it was read", printable(path), "run the same command again");
  if (options_.keep_photos) picture.photo = photo;
  return apply_transform(plan_transform(options_.transform, photo.size, 0, 0, 0), std::move(photo));
}

PictureLoader::Prepared PictureLoader::prepare(const std::vector<Planned>& batch) const {
  std::vector<LoadedPicture> pictures(batch.size());
  std::vector<Image> images(batch.size());
  std::vector<std::string> troubles(batch.size());
  parallel_for(std::ssize(batch), options_.threads, [&](std::int64_t i) {
    const auto place = static_cast<std::size_t>(i);
    troubles[place] =
        trouble_of([&] { images[place] = prepare_picture(batch[place], pictures[place]); });
  });
  Prepared prepared;
  MicroBatch& input = prepared.batch.input;
  std::vector<std::uint8_t> pixels;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!troubles[i].empty()) {
      prepared.bad.push_back({batch[i].position, troubles[i]});
      continue;
    }
    input.rows.push_back(batch[i].position);
    input.sample_ids.push_back(batch[i].position);
    input.labels.push_back(-1);
    input.sizes.push_back(images[i].size);
    input.offsets.push_back(pixels.size());
    pixels.insert(pixels.end(), images[i].rgb.begin(), images[i].rgb.end());
    input.padded = images[i].size;
    prepared.batch.pictures.push_back(std::move(pictures[i]));
  }
  input.own(std::move(pixels));
  return prepared;
}

void PictureLoader::start_next() {
  if (started_ == batches_.size()) return;
  coming_ = std::async(std::launch::async,
                       [this, number = started_] { return prepare(batches_[number]); });
  ++started_;
}

std::optional<PictureBatch> PictureLoader::next() {
  while (coming_.valid()) {
    Prepared prepared = coming_.get();
    start_next();
    bad_.insert(bad_.end(), prepared.bad.begin(), prepared.bad.end());
    if (prepared.batch.input.size() > 0) return std::move(prepared.batch);
  }
  return std::nullopt;
}

}  // namespace intr
