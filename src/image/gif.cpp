// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "codecs.h"

namespace intr {
namespace {

constexpr const char* kKind = "GIF";

struct CloseGif {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};
using GifHandle = std::unique_ptr<GifFileType, CloseGif>;

/// What giflib reads from.
struct Source {
  std::span<const std::byte> left;
};

int supply(GifFileType* gif, GifByteType* out, int count) {
  auto* source = static_cast<Source*>(gif->UserData);
  const std::size_t taken =
      std::min(static_cast<std::size_t>(std::max(count, 0)), source->left.size());
  if (taken > 0) std::memcpy(out, source->left.data(), taken);
  source->left = source->left.subspan(taken);
  return static_cast<int>(taken);
}

/// Reads one picture up to its first frame, then what is left of interest.
class GifPicture {
 public:
  explicit GifPicture(const EncodedPicture& picture) : picture_(picture), source_{picture.bytes} {
    int error = 0;
    gif_.reset(DGifOpen(&source_, supply, &error));
    if (gif_ == nullptr) refuse(error);
    find_frame();
    canvas_ = {std::max(gif_->SHeight, frame().Top + frame().Height),
               std::max(gif_->SWidth, frame().Left + frame().Width)};
    check_pixel_limit(canvas_, picture.where, picture.policy.max_pixels);
    if (frame().Width < 1 || frame().Height < 1)
      refuse_picture(picture, kKind, "its first frame has no pixels");
    read_palette();
  }

  void decode(Image& image) {
    set_size(image, canvas_);
    const std::uint8_t around = transparent_ >= 0 ? static_cast<std::uint8_t>(transparent_) : 0;
    if (frame().Width != canvas_.width || frame().Height != canvas_.height)
      for (std::size_t i = 0; i < image.rgb.size(); i += 3)
        std::copy_n(palette_[around].data(), 3, &image.rgb[i]);
    std::vector<GifPixelType> row(static_cast<std::size_t>(frame().Width));
    for (const std::int64_t y : row_order()) {
      if (DGifGetLine(gif_.get(), row.data(), frame().Width) == GIF_ERROR) refuse(gif_->Error);
      const std::int64_t first = (frame().Top + y) * canvas_.width + frame().Left;
      std::uint8_t* rgb = image.rgb.data() + first * 3;
      for (const GifPixelType index : row) rgb = std::copy_n(palette_[index].data(), 3, rgb);
    }
  }

  ImageFacts facts() const {
    return {.codec = Codec::kGif, .mode = grey_ ? PixelMode::kL : PixelMode::kP, .size = canvas_};
  }

  /// Whether another frame follows the first, which was decoded. Damage behind it does not matter.
  bool has_more_frames() {
    GifRecordType kind = UNDEFINED_RECORD_TYPE;
    while (DGifGetRecordType(gif_.get(), &kind) == GIF_OK && kind == EXTENSION_RECORD_TYPE)
      if (!pass_extension()) return false;
    return kind == IMAGE_DESC_RECORD_TYPE;
  }

 private:
  [[noreturn]] void refuse(int error) const {
    const char* reason = GifErrorString(error);
    refuse_picture(picture_, kKind, reason != nullptr ? reason : "it ends before its first frame");
  }
  const GifImageDesc& frame() const noexcept { return gif_->Image; }

  void find_frame() {
    for (;;) {
      GifRecordType kind = UNDEFINED_RECORD_TYPE;
      if (DGifGetRecordType(gif_.get(), &kind) == GIF_ERROR) refuse(gif_->Error);
      if (kind == IMAGE_DESC_RECORD_TYPE) break;
      if (kind != EXTENSION_RECORD_TYPE) refuse_picture(picture_, kKind, "it has no frame");
      if (!pass_extension()) refuse(gif_->Error);
    }
    if (DGifGetImageDesc(gif_.get()) == GIF_ERROR) refuse(gif_->Error);
  }

  /// Reads an extension; keeps the transparent color of a graphic control. @return false if it is
  /// broken
  bool pass_extension() {
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(gif_.get(), &code, &block) == GIF_ERROR) return false;
    if (code == GRAPHICS_EXT_FUNC_CODE && block != nullptr && block[0] >= 4 && (block[1] & 1) != 0)
      transparent_ = block[4];
    while (block != nullptr)
      if (DGifGetExtensionNext(gif_.get(), &block) == GIF_ERROR) return false;
    return true;
  }

  /// Without a palette the numbers are grey levels; colors beyond a palette's end are black.
  void read_palette() {
    const ColorMapObject* map = frame().ColorMap != nullptr ? frame().ColorMap : gif_->SColorMap;
    const int count = map != nullptr ? std::min(map->ColorCount, 256) : 0;
    for (int i = 0; i < count; ++i) {
      const GifColorType& color = map->Colors[i];
      palette_[static_cast<std::size_t>(i)] = {color.Red, color.Green, color.Blue};
      grey_ = grey_ && color.Red == i && color.Green == i && color.Blue == i;
    }
    if (!grey_) return;
    for (std::size_t i = 0; i < palette_.size(); ++i)
      palette_[i].fill(static_cast<std::uint8_t>(i));
  }

  std::vector<std::int64_t> row_order() const {
    std::vector<std::int64_t> rows;
    if (!frame().Interlace) {
      for (std::int64_t y = 0; y < frame().Height; ++y) rows.push_back(y);
      return rows;
    }
    constexpr std::array<std::array<int, 2>, 4> kPasses = {{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
    for (const auto& [first, step] : kPasses)
      for (std::int64_t y = first; y < frame().Height; y += step) rows.push_back(y);
    return rows;
  }

  const EncodedPicture& picture_;
  Source source_;
  GifHandle gif_;
  ImageSize canvas_;
  int transparent_ = -1;
  bool grey_ = true;
  std::array<std::array<std::uint8_t, 3>, 256> palette_{};
};

}  // namespace

void decode_gif(const EncodedPicture& picture, Image& image, ImageFacts& facts) {
  GifPicture gif(picture);
  gif.decode(image);
  facts = gif.facts();
  if (gif.has_more_frames()) facts.flags |= kAnimated;
}

ImageFacts probe_gif(const EncodedPicture& picture) { return GifPicture(picture).facts(); }

}  // namespace intr
