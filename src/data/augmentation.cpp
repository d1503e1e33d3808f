// SPDX-License-Identifier: Apache-2.0
#include "intr/data/augmentation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "intr/core/error.h"
#include "intr/core/philox.h"
#include "intr/image/resize.h"

namespace intr {
namespace {

/// The published lengths, in pixels at image size 800.
constexpr std::int64_t kPublishedSize = 800;
constexpr std::int64_t kLongSide = 1333;
constexpr std::int64_t kFirstShortSide = 480;  // and every kShortSideStep up to 800
constexpr std::int64_t kShortSideStep = 32;
constexpr std::uint64_t kNumShortSides = 11;
constexpr std::array<std::int64_t, 3> kCropShortSides = {400, 500, 600};
constexpr std::int64_t kSmallestCrop = 384;
constexpr std::int64_t kLargestCrop = 600;
/// Below this, crops would have no pixels.
constexpr std::int64_t kSmallestImageSize = 8;
constexpr std::int64_t kLargestImageSize = 16'384;

/// Numbers of the draws of one sample. Results depend on them: never renumber.
enum Draw : std::uint64_t {
  kFlipDraw = 0,
  kBranchDraw = 1,
  kShortSideDraw = 2,
  kCropShortSideDraw = 3,
  kCropWidthDraw = 4,
  kCropHeightDraw = 5,
  kLeftDraw = 6,
  kTopDraw = 7,
};

class Draws {
 public:
  Draws(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample_id)
      : seed_(seed), epoch_(epoch), sample_id_(sample_id) {}
  bool half(Draw draw) const { return unit_from_bits(bits(draw)) < 0.5; }
  std::uint64_t below(Draw draw, std::uint64_t n) const { return below_from_bits(bits(draw), n); }
  /// Uniform in [low, high], both ends included.
  std::int64_t between(Draw draw, std::int64_t low, std::int64_t high) const {
    return low + static_cast<std::int64_t>(below(draw, static_cast<std::uint64_t>(high - low + 1)));
  }

 private:
  std::uint64_t bits(Draw draw) const {
    return draw_bits(seed_, Purpose::kAugmentation, epoch_, sample_id_, draw);
  }
  std::uint64_t seed_, epoch_, sample_id_;
};

/// A published length at another image size, rounded half up.
std::int64_t scaled(std::int64_t length, std::int64_t image_size) {
  return (2 * length * image_size + kPublishedSize) / (2 * kPublishedSize);
}

void require_visible(ImageSize size, ImageSize source, std::uint64_t sample_id) {
  if (size.height >= 1 && size.width >= 1) return;
  throw DataError(fmt::format("a picture of {}x{} pixels is too narrow: resized it would be {}x{}",
                              source.width, source.height, size.width, size.height),
                  fmt::format("sample {}", sample_id), "remove it from the data and pack again");
}

void plan_training(TransformPlan& plan, const Draws& draws, std::int64_t image_size,
                   ImageSize source) {
  const auto index = static_cast<std::int64_t>(draws.below(kShortSideDraw, kNumShortSides));
  const std::int64_t short_side = scaled(kFirstShortSide + kShortSideStep * index, image_size);
  const std::int64_t long_side = scaled(kLongSide, image_size);
  plan.crop = !draws.half(kBranchDraw);
  if (!plan.crop) {
    plan.final = resized_size(source, short_side, long_side);
    return;
  }
  const std::size_t choice = draws.below(kCropShortSideDraw, kCropShortSides.size());
  plan.first = resized_size(source, scaled(kCropShortSides[choice], image_size), 0);
  const std::int64_t smallest = scaled(kSmallestCrop, image_size);
  const std::int64_t largest = scaled(kLargestCrop, image_size);
  plan.cropped.width = draws.between(kCropWidthDraw, smallest, std::min(plan.first.width, largest));
  plan.cropped.height =
      draws.between(kCropHeightDraw, smallest, std::min(plan.first.height, largest));
  plan.left = draws.between(kLeftDraw, 0, plan.first.width - plan.cropped.width);
  plan.top = draws.between(kTopDraw, 0, plan.first.height - plan.cropped.height);
  plan.final = resized_size(plan.cropped, short_side, long_side);
}

}  // namespace

Transform Transform::parse(const std::string& name) {
  Transform transform;
  const std::size_t colon = name.find(':');
  const std::string kind = name.substr(0, colon);
  if (kind == "val") {
    transform.kind = Kind::kValidation;
  } else if (kind == "flip") {
    transform.kind = Kind::kFlip;
  } else if (kind == "train") {
    transform.kind = Kind::kTrain;
  } else {
    throw UsageError(fmt::format("'{}' is no transform", name), {},
                     "use val:S, flip:S or train:S, such as val:800");
  }
  if (colon == std::string::npos) return transform;
  const char* first = name.data() + colon + 1;
  const char* last = name.data() + name.size();
  const auto [end, error] = std::from_chars(first, last, transform.image_size);
  if (error != std::errc() || end != last || transform.image_size < kSmallestImageSize ||
      transform.image_size > kLargestImageSize) {
    throw UsageError(fmt::format("'{}' names no image size", name), {},
                     fmt::format("give a number from {} to {} behind the colon, such as val:800",
                                 kSmallestImageSize, kLargestImageSize));
  }
  return transform;
}

std::string Transform::name() const {
  const char* text = kind == Kind::kTrain ? "train" : kind == Kind::kFlip ? "flip" : "val";
  return image_size == kPublishedSize ? text : fmt::format("{}:{}", text, image_size);
}

TransformPlan plan_transform(const Transform& transform, ImageSize source, std::uint64_t seed,
                             std::uint64_t epoch, std::uint64_t sample_id) {
  const Draws draws(seed, epoch, sample_id);
  TransformPlan plan;
  if (transform.kind != Transform::Kind::kValidation) plan.flip = draws.half(kFlipDraw);
  if (transform.kind == Transform::Kind::kTrain) {
    plan_training(plan, draws, transform.image_size, source);
  } else {
    plan.final =
        resized_size(source, transform.image_size, scaled(kLongSide, transform.image_size));
  }
  require_visible(plan.final, source, sample_id);
  return plan;
}

std::int64_t largest_final_area(const Transform& transform, ImageSize source) {
  const std::int64_t long_side = scaled(kLongSide, transform.image_size);
  // Both sides grow with the short side asked for, so the longest one bounds all others. It is the
  // published size itself.
  const std::int64_t short_side = scaled(kPublishedSize, transform.image_size);
  const std::int64_t whole = resized_size(source, short_side, long_side).area();
  if (transform.kind != Transform::Kind::kTrain) return whole;
  // A crop's sides lie between kSmallestCrop and `longest`, so its long side becomes at most
  // short_side * longest / kSmallestCrop; the limit on long sides only makes both sides smaller.
  std::int64_t longest = 0;
  for (const std::int64_t choice : kCropShortSides) {
    const ImageSize first = resized_size(source, scaled(choice, transform.image_size), 0);
    longest = std::max({longest, first.height, first.width});
  }
  longest = std::min(longest, scaled(kLargestCrop, transform.image_size));
  const std::int64_t smallest = scaled(kSmallestCrop, transform.image_size);
  return std::max(whole, short_side * (short_side * longest / smallest));
}

void transform_into(const TransformPlan& plan, const Image& source, TransformScratch& scratch,
                    std::span<std::uint8_t> out) {
  if (!plan.crop) {
    Resize resize = Resize::whole(plan.final);
    resize.mirrored = plan.flip;
    resize_bilinear_into(source, resize, scratch.resize, out);
    return;
  }
  Image& cropped = scratch.cropped;
  cropped.size = plan.cropped;
  cropped.rgb.resize(static_cast<std::size_t>(cropped.size.area()) * 3);
  resize_bilinear_into(source, {plan.first, plan.flip, plan.left, plan.top, plan.cropped},
                       scratch.resize, cropped.rgb);
  resize_bilinear_into(cropped, Resize::whole(plan.final), scratch.resize, out);
}

Image apply_transform(const TransformPlan& plan, Image image) {
  if (!plan.flip && !plan.crop && image.size == plan.final) return image;
  Image result{plan.final, {}};
  result.rgb.resize(static_cast<std::size_t>(plan.final.area()) * 3);
  TransformScratch scratch;
  transform_into(plan, image, scratch, result.rgb);
  return result;
}

}  // namespace intr
