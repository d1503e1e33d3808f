// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "byte_reader.h"
#include "codecs.h"

namespace intr {
namespace {

constexpr const char* kKind = "BMP";
constexpr std::size_t kFileHeader = 14;

enum Compression : std::uint32_t { kRaw = 0, kRle8 = 1, kRle4 = 2, kMasks = 3 };

using Masks = std::array<std::uint32_t, 4>;  // red, green, blue, alpha

/// Where the colors of a 24- or 32-bit pixel stand: bytes of red, green, blue.
struct Channels {
  std::array<std::uint8_t, 3> at = {2, 1, 0};
  bool alpha = false;
};

struct Bitmap {
  ImageSize size;
  std::uint32_t bits = 0;
  std::uint32_t compression = kRaw;
  bool top_down = false;
  std::size_t data = 0;  ///< byte of the file
  PixelMode mode = PixelMode::kOther;
  std::vector<std::array<std::uint8_t, 3>> palette;  ///< [256] of pictures with one
  bool green_of_6 = false;                           ///< 16 bits: 5, 6, 5 instead of 5, 5, 5
  Channels channels;
};

/// The 32-bit layouts that there are names for; Pillow knows no others.
const Channels* known_layout(const Masks& masks) {
  struct Layout {
    Masks masks;
    Channels channels;
  };
  static constexpr std::array<Layout, 8> kLayouts = {{
      {{0xff0000, 0xff00, 0xff, 0}, {{2, 1, 0}, false}},
      {{0xff000000, 0xff0000, 0xff00, 0}, {{3, 2, 1}, false}},
      {{0xff000000, 0xff00, 0xff, 0}, {{3, 1, 0}, false}},
      {{0xff000000, 0xff0000, 0xff00, 0xff}, {{3, 2, 1}, true}},
      {{0xff, 0xff00, 0xff0000, 0xff000000}, {{0, 1, 2}, true}},
      {{0xff0000, 0xff00, 0xff, 0xff000000}, {{2, 1, 0}, true}},
      {{0xff000000, 0xff00, 0xff, 0xff0000}, {{3, 1, 0}, true}},
      {{0, 0, 0, 0}, {{2, 1, 0}, true}},
  }};
  const auto* found = std::find_if(kLayouts.begin(), kLayouts.end(),
                                   [&](const Layout& layout) { return layout.masks == masks; });
  return found == kLayouts.end() ? nullptr : &found->channels;
}

/// Reads the headers in front of the pixels.
class BitmapHeader {
 public:
  explicit BitmapHeader(const EncodedPicture& picture)
      : picture_(picture), reader_(picture, kKind) {}

  Bitmap read() {
    reader_.seek(10);
    std::size_t data = reader_.double_word();
    header_size_ = reader_.double_word();
    if (header_size_ == 12) {
      read_core();
    } else if (header_size_ == 40 || header_size_ == 52 || header_size_ == 56 ||
               header_size_ == 64 || header_size_ == 108 || header_size_ == 124) {
      read_info();
    } else {
      refuse(fmt::format("unknown header of {} bytes", header_size_));
    }
    check_pixel_limit(bitmap_.size, picture_.where, picture_.policy.max_pixels);
    if (colors_ == 0) colors_ = std::size_t{1} << std::min(bitmap_.bits, 32u);
    if (data == kFileHeader + header_size_ && bitmap_.bits <= 8) data += entry_bytes_ * colors_;
    read_layout();
    if (bitmap_.bits <= 8) read_palette();
    bitmap_.data = data != 0 ? data : reader_.position();
    return std::move(bitmap_);
  }

 private:
  [[noreturn]] void refuse(const std::string& reason) const {
    refuse_picture(picture_, kKind, reason);
  }

  void read_core() {
    bitmap_.size.width = reader_.word();
    bitmap_.size.height = reader_.word();
    reader_.word();  // planes
    bitmap_.bits = reader_.word();
    entry_bytes_ = 3;
  }

  void read_info() {
    bitmap_.size.width = reader_.double_word();
    const std::uint32_t height = reader_.double_word();
    bitmap_.top_down = height >> 24 == 0xff;
    bitmap_.size.height = bitmap_.top_down ? (std::int64_t{1} << 32) - height : height;
    reader_.word();  // planes
    bitmap_.bits = reader_.word();
    bitmap_.compression = reader_.double_word();
    reader_.take(12);  // bytes of pixels, pixels a meter
    colors_ = reader_.double_word();
    reader_.double_word();  // important colors
    entry_bytes_ = 4;
    if (bitmap_.compression == kMasks) {
      const std::size_t count = header_size_ >= 56 ? 4 : 3;
      for (std::size_t i = 0; i < count; ++i) masks_[i] = reader_.double_word();
    }
    // Masks follow the smallest header and belong to the others.
    if (header_size_ > 40) reader_.seek(kFileHeader + header_size_);
  }

  void read_layout() {
    const std::uint32_t bits = bitmap_.bits;
    if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32)
      refuse(fmt::format("{} bits a pixel", bits));
    bitmap_.mode = PixelMode::kRGB;
    if (bitmap_.compression == kRaw) return;
    if (bitmap_.compression == kRle8 || bitmap_.compression == kRle4) {
      if (bits > 8) refuse(fmt::format("run-length coding of {} bits", bits));
      return;
    }
    if (bitmap_.compression != kMasks)
      refuse(fmt::format("unknown compression {}", bitmap_.compression));
    const Masks colors = {masks_[0], masks_[1], masks_[2], 0};
    bool known = false;
    if (bits == 32) {
      const Channels* layout = known_layout(masks_);
      known = layout != nullptr;
      if (known) bitmap_.channels = *layout;
      if (known && layout->alpha) bitmap_.mode = PixelMode::kRGBA;
    } else if (bits == 24) {
      known = colors == Masks{0xff0000, 0xff00, 0xff, 0};
    } else if (bits == 16) {
      bitmap_.green_of_6 = colors == Masks{0xf800, 0x7e0, 0x1f, 0};
      known = bitmap_.green_of_6 || colors == Masks{0x7c00, 0x3e0, 0x1f, 0};
    }
    if (!known)
      refuse(fmt::format("unknown color masks {:x}, {:x}, {:x}, {:x}", masks_[0], masks_[1],
                         masks_[2], masks_[3]));
  }

  /// A palette of plain greys is none: then the numbers are grey levels.
  void read_palette() {
    if (colors_ > 65536) refuse(fmt::format("a palette of {} colors", colors_));
    bitmap_.palette.resize(256);
    const std::size_t bytes = std::min(entry_bytes_ * colors_, reader_.bytes_left());
    const std::span<const std::byte> stored = reader_.take(bytes);
    bool grey = bytes == entry_bytes_ * colors_;
    for (std::size_t i = 0; i < std::min<std::size_t>(colors_, 65536); ++i) {
      const auto level = static_cast<std::uint8_t>(colors_ == 2 ? i * 255 : i % 256);
      for (std::size_t c = 0; c < 3; ++c) {
        const std::size_t place = i * entry_bytes_ + 2 - c;
        if (place >= stored.size()) continue;
        const auto value = std::to_integer<std::uint8_t>(stored[place]);
        grey = grey && value == level;
        if (i < 256) bitmap_.palette[i][c] = value;
      }
    }
    grey = grey && colors_ <= 256;
    if (grey && colors_ > 2)  // numbers beyond the palette's end are grey levels, too
      for (std::size_t i = 0; i < 256; ++i) bitmap_.palette[i].fill(static_cast<std::uint8_t>(i));
    bitmap_.mode = !grey ? PixelMode::kP : colors_ <= 2 ? PixelMode::k1 : PixelMode::kL;
  }

  const EncodedPicture& picture_;
  ByteReader reader_;
  Bitmap bitmap_;
  std::size_t header_size_ = 0;
  std::size_t entry_bytes_ = 4;
  std::size_t colors_ = 0;
  Masks masks_{};
};

/// Bits of a number of a picture with a palette, as Pillow takes them: a grey one has 8 whatever
/// the header says, and one of two levels has 1.
std::uint32_t stored_bits(const Bitmap& bitmap) {
  if (bitmap.mode == PixelMode::k1) return 1;
  return bitmap.mode == PixelMode::kL ? 8 : bitmap.bits;
}

void palette_row(const Bitmap& bitmap, const std::uint8_t* row, std::uint8_t* rgb) {
  const std::uint32_t bits = stored_bits(bitmap);
  const std::uint32_t mask = (1u << bits) - 1;
  for (std::int64_t x = 0; x < bitmap.size.width; ++x, rgb += 3) {
    const std::uint64_t bit = static_cast<std::uint64_t>(x) * bits;
    const std::uint32_t index = row[bit / 8] >> (8 - bits - bit % 8) & mask;
    if (bitmap.mode == PixelMode::k1)
      std::fill_n(rgb, 3, static_cast<std::uint8_t>(index * 255));
    else
      std::copy_n(bitmap.palette[index].data(), 3, rgb);
  }
}

void row_of_16_bits(const Bitmap& bitmap, const std::uint8_t* row, std::uint8_t* rgb) {
  const int green_bits = bitmap.green_of_6 ? 6 : 5;
  const int green_most = (1 << green_bits) - 1;
  for (std::int64_t x = 0; x < bitmap.size.width; ++x, row += 2, rgb += 3) {
    const int pixel = row[0] | row[1] << 8;
    rgb[0] = static_cast<std::uint8_t>((pixel >> (5 + green_bits) & 31) * 255 / 31);
    rgb[1] = static_cast<std::uint8_t>((pixel >> 5 & green_most) * 255 / green_most);
    rgb[2] = static_cast<std::uint8_t>((pixel & 31) * 255 / 31);
  }
}

void row_of_bytes(const Bitmap& bitmap, const std::uint8_t* row, std::uint8_t* rgb) {
  const auto& at = bitmap.channels.at;
  for (std::int64_t x = 0; x < bitmap.size.width; ++x, row += bitmap.bits / 8, rgb += 3)
    for (std::size_t c = 0; c < 3; ++c) rgb[c] = row[at[c]];
}

void decode_plain(const EncodedPicture& picture, const Bitmap& bitmap, Image& image) {
  const auto width = static_cast<std::uint64_t>(bitmap.size.width);
  const std::uint64_t stride = (width * bitmap.bits + 31) / 8 & ~std::uint64_t{3};
  const std::uint32_t bits = bitmap.bits <= 8 ? stored_bits(bitmap) : bitmap.bits;
  const std::uint64_t row_bytes = (width * bits + 7) / 8;
  if (row_bytes > stride)
    refuse_picture(picture, kKind, fmt::format("a grey palette with {} bits", bitmap.bits));
  const auto height = static_cast<std::uint64_t>(bitmap.size.height);
  ByteReader reader(picture, kKind);
  reader.seek(bitmap.data);
  if (reader.bytes_left() < (height - 1) * stride + row_bytes)
    refuse_picture(picture, kKind, "the bytes end before the picture does");
  set_size(image, bitmap.size);
  const auto* rows = reinterpret_cast<const std::uint8_t*>(picture.bytes.data()) + bitmap.data;
  for (std::uint64_t y = 0; y < height; ++y) {
    std::uint8_t* rgb = image.rgb.data() + (bitmap.top_down ? y : height - 1 - y) * width * 3;
    const std::uint8_t* row = rows + y * stride;
    if (bitmap.bits <= 8)
      palette_row(bitmap, row, rgb);
    else if (bitmap.bits == 16)
      row_of_16_bits(bitmap, row, rgb);
    else
      row_of_bytes(bitmap, row, rgb);
  }
}

/// Run-length coded numbers; rows come one after another without padding.
class RunLengths {
 public:
  RunLengths(const EncodedPicture& picture, const Bitmap& bitmap)
      : bitmap_(bitmap), reader_(picture, kKind) {
    reader_.seek(bitmap.data);
  }

  /// At most as many numbers as the picture has pixels; fewer if the bytes end or say so.
  std::vector<std::uint8_t> numbers() {
    const auto all = static_cast<std::size_t>(bitmap_.size.area());
    const auto width = static_cast<std::size_t>(bitmap_.size.width);
    while (numbers_.size() < all && reader_.bytes_left() >= 2) {
      const std::uint8_t count = reader_.byte();
      const std::uint8_t value = reader_.byte();
      if (count > 0) {
        run(std::min<std::size_t>(count, width - std::min(column_, width)), value);
      } else if (value == 0) {  // end of the row
        while (numbers_.size() % width != 0) numbers_.push_back(0);
        column_ = 0;
      } else if (value == 1) {  // end of the picture
        break;
      } else if (value == 2) {
        if (!move(all, width)) break;
      } else if (!copy(std::min<std::size_t>(value, all - numbers_.size()), value)) {
        break;
      }
    }
    return std::move(numbers_);
  }

 private:
  void run(std::size_t count, std::uint8_t value) {
    const bool two = bitmap_.compression == kRle4;
    for (std::size_t i = 0; i < count; ++i) {
      const int half = i % 2 == 0 ? value >> 4 : value & 15;
      numbers_.push_back(two ? static_cast<std::uint8_t>(half) : value);
    }
    column_ += count;
  }

  bool move(std::size_t all, std::size_t width) {
    if (reader_.bytes_left() < 2) return false;
    const std::size_t right = reader_.byte();
    const std::size_t up = reader_.byte();
    numbers_.resize(numbers_.size() + std::min(all - numbers_.size(), right + up * width));
    column_ = numbers_.size() % width;
    return true;
  }

  bool copy(std::size_t count, std::size_t said) {
    const bool two = bitmap_.compression == kRle4;
    const std::size_t bytes = two ? (count + 1) / 2 : count;
    if (reader_.bytes_left() < bytes) return false;
    const std::span<const std::byte> stored = reader_.take(bytes);
    for (std::size_t i = 0; i < count; ++i) {
      const auto byte = std::to_integer<std::uint8_t>(stored[two ? i / 2 : i]);
      const int half = i % 2 == 0 ? byte >> 4 : byte & 15;
      numbers_.push_back(two ? static_cast<std::uint8_t>(half) : byte);
    }
    column_ += said;
    if (reader_.position() % 2 != 0 && reader_.bytes_left() > 0) reader_.byte();
    return true;
  }

  const Bitmap& bitmap_;
  ByteReader reader_;
  std::vector<std::uint8_t> numbers_;
  std::size_t column_ = 0;
};

void decode_runs(const EncodedPicture& picture, const Bitmap& bitmap, Image& image) {
  const std::vector<std::uint8_t> numbers = RunLengths(picture, bitmap).numbers();
  const auto width = static_cast<std::size_t>(bitmap.size.width);
  const auto height = static_cast<std::size_t>(bitmap.size.height);
  if (numbers.size() < width * height || bitmap.mode == PixelMode::k1)
    refuse_picture(picture, kKind, "the runs end before the picture does");
  set_size(image, bitmap.size);
  for (std::size_t y = 0; y < height; ++y) {
    std::uint8_t* rgb = image.rgb.data() + (bitmap.top_down ? y : height - 1 - y) * width * 3;
    for (std::size_t x = 0; x < width; ++x)
      rgb = std::copy_n(bitmap.palette[numbers[y * width + x]].data(), 3, rgb);
  }
}

ImageFacts facts_of(const Bitmap& bitmap) {
  ImageFacts facts{.codec = Codec::kBmp, .mode = bitmap.mode, .size = bitmap.size};
  if (bitmap.mode == PixelMode::kRGBA) facts.flags |= kAlphaDropped;
  return facts;
}

}  // namespace

void decode_bmp(const EncodedPicture& picture, Image& image, ImageFacts& facts) {
  const Bitmap bitmap = BitmapHeader(picture).read();
  if (bitmap.compression == kRle8 || bitmap.compression == kRle4)
    decode_runs(picture, bitmap, image);
  else
    decode_plain(picture, bitmap, image);
  facts = facts_of(bitmap);
}

ImageFacts probe_bmp(const EncodedPicture& picture) {
  return facts_of(BitmapHeader(picture).read());
}

}  // namespace intr
