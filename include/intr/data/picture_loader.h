// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "intr/data/loader.h"
#include "intr/image/decode.h"

namespace intr {

/// A picture of a batch, beside its pixels.
struct LoadedPicture {
  ImageFacts facts;        ///< as stored: size, EXIF orientation
  std::uint64_t hash = 0;  ///< XXH3-64 of the file
  Image photo;             ///< decoded; empty unless photos are kept
};

/// Pictures of one forward pass. All have one final size: zero padding would leak into the logits.
struct PictureBatch {
  MicroBatch input;  ///< rows and sample ids: places in the list; labels -1
  std::vector<LoadedPicture> pictures;
};

/// A file that gives no picture, and why.
struct BadPicture {
  std::int64_t position = 0;  ///< place in the list
  std::string message;        ///< names the file
};

/// Picture files in batches for the network: decoded as intr-pack stores them, resized as
/// evaluation does. Batches are planned as those of a packed set (plan_evaluation), sorted by final
/// size and then by place in the list, so that equal lists give equal batches and equal logits. The
/// next batch is prepared while the last one is used. For one thread.
class PictureLoader {
 public:
  struct Options {
    Transform transform;
    std::int64_t batch_size = 12;
    std::int64_t threads = 1;  ///< reading and decoding threads
    bool keep_photos = false;
  };
  /// Looks at the header of every file. Bad files are noted, never thrown.
  PictureLoader(std::vector<std::string> paths, const Options& options);
  PictureLoader(const PictureLoader&) = delete;
  PictureLoader& operator=(const PictureLoader&) = delete;

  /// The next batch of good pictures; nothing after the last.
  std::optional<PictureBatch> next();
  /// Files found bad so far; after the last batch all of them. By no order.
  const std::vector<BadPicture>& bad() const noexcept { return bad_; }

 private:
  struct Planned {
    std::int64_t position = 0;
    ImageSize source, final;
  };
  struct Prepared {
    PictureBatch batch;
    std::vector<BadPicture> bad;
  };

  std::optional<Planned> plan(std::int64_t position, std::string& trouble) const;
  Image prepare_picture(const Planned& planned, LoadedPicture& picture) const;
  Prepared prepare(const std::vector<Planned>& batch) const;
  void start_next();

  std::vector<std::string> paths_;
  Options options_;
  std::vector<std::vector<Planned>> batches_;
  std::size_t started_ = 0;  ///< batches that are prepared or in work
  std::vector<BadPicture> bad_;
  std::future<Prepared> coming_;  // last: its thread uses the others
};

}  // namespace intr
