// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "intr/image/image.h"
#include "intr/image/resize.h"

namespace intr {

/// Version of the draws below; stored in checkpoints. Changes when a draw changes.
inline constexpr const char* kAugmentationVersion = "intr-aug-1";

/// How a decoded picture becomes what the network sees, before normalizing. Named "val", "flip",
/// "train" for the published lengths (short side 800, long side at most 1333), or "val:S", … with
/// every length times S / 800, rounded half up.
struct Transform {
  enum class Kind {
    kValidation,  ///< resize
    kFlip,        ///< horizontal flip with probability 1/2, then resize
    kTrain,  ///< the published augmentation: flip, then a random size, with probability 1/2 after a
             ///< random crop
  };
  Kind kind = Kind::kValidation;
  std::int64_t image_size = 800;

  /// @throws UsageError
  static Transform parse(const std::string& name);
  std::string name() const;
};

/// Every decision that the transform makes for one sample: a pure function of (seed, epoch, sample
/// id, source size).
struct TransformPlan {
  bool flip = false;
  bool crop = false;
  ImageSize first;  ///< size before the crop; meaningful if crop
  std::int64_t left = 0;
  std::int64_t top = 0;
  ImageSize cropped;
  ImageSize final;  ///< size of the result
};

TransformPlan plan_transform(const Transform& transform, ImageSize source, std::uint64_t seed,
                             std::uint64_t epoch, std::uint64_t sample_id);
/// No draw makes more pixels of a picture of this size: the room that a slot needs for it.
std::int64_t largest_final_area(const Transform& transform, ImageSize source);
/// Memory of one thread that carries plans out, reused from picture to picture.
struct TransformScratch {
  Image cropped;  ///< between the two resizes of a crop
  ResizeScratch resize;
};

/// Carries the plan out, straight into `out`.
/// @param source a decoded picture of the size that the plan was made for
/// @param out [plan.final.height, plan.final.width, 3]
/// @throws InternalError if `out` has another size
void transform_into(const TransformPlan& plan, const Image& source, TransformScratch& scratch,
                    std::span<std::uint8_t> out);
/// The same for a picture now and then. The result has size plan.final.
Image apply_transform(const TransformPlan& plan, Image image);

}  // namespace intr
