// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "codecs.h"
#include "intr/image/png_chunks.h"

namespace intr {

namespace {

using Color = PngChunks::Color;
using ChunkFrame = std::array<std::uint8_t, 8>;  // length and name

void put_big_endian(std::uint32_t value, std::uint8_t* out) {
  for (int shift = 24; shift >= 0; shift -= 8) *out++ = static_cast<std::uint8_t>(value >> shift);
}

/// What libpng gets to read: a header, the pixel chunks, an end; nothing else of the file, so that
/// nothing else of it can change the pixels or be an error. Palette pictures are presented as gray
/// ones: their indices are looked up here. Checksums are left out, libpng does not look at them.
class PixelStream {
 public:
  explicit PixelStream(const PngChunks& png) {
    std::uint8_t* header = header_.data();
    std::memcpy(header, "\x89PNG\r\n\x1A\n\0\0\0\rIHDR", 16);
    put_big_endian(png.width, header + 16);
    put_big_endian(png.height, header + 20);
    header[24] = png.depth;
    header[25] = static_cast<std::uint8_t>(png.color == Color::kPalette ? Color::kGrey : png.color);
    header[28] = png.interlaced ? 1 : 0;
    frames_.reserve(png.pixels.size() + 1);
    parts_.push_back({header_.data(), header_.size()});
    for (const std::span<const std::byte> pixels : png.pixels) {
      add_frame(pixels.size(), "IDAT");
      parts_.push_back({reinterpret_cast<const std::uint8_t*>(pixels.data()), pixels.size()});
      parts_.push_back(kNoChecksum);
    }
    add_frame(0, "IEND");
    parts_.push_back(kNoChecksum);
  }
  PixelStream(const PixelStream&) = delete;
  PixelStream& operator=(const PixelStream&) = delete;

  /// False if there are not that many bytes.
  bool read(std::uint8_t* out, std::size_t count) noexcept {
    while (count > 0) {
      if (part_ == parts_.size()) return false;
      std::span<const std::uint8_t>& part = parts_[part_];
      const std::size_t taken = std::min(count, part.size());
      if (taken > 0) std::memcpy(out, part.data(), taken);
      part = part.subspan(taken);
      out += taken;
      count -= taken;
      if (part.empty()) ++part_;
    }
    return true;
  }

 private:
  static constexpr std::array<std::uint8_t, 4> kNoChecksum{};

  void add_frame(std::size_t length, const char* name) {
    ChunkFrame& frame = frames_.emplace_back();
    put_big_endian(static_cast<std::uint32_t>(length), frame.data());
    std::memcpy(frame.data() + 4, name, 4);
    parts_.push_back(frame);
  }

  std::array<std::uint8_t, 33> header_{};
  std::vector<ChunkFrame> frames_;
  std::vector<std::span<const std::uint8_t>> parts_;
  std::size_t part_ = 0;
};

/// libpng's reading of one picture. The function that calls it holds no object that a longjmp would
/// leave undestroyed.
class PngPicture {
 public:
  explicit PngPicture(const PngChunks& chunks) : chunks_(chunks), stream_(chunks) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, leave, note_warning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, nullptr, nullptr);
      throw std::bad_alloc();
    }
  }
  PngPicture(const PngPicture&) = delete;
  PngPicture& operator=(const PngPicture&) = delete;
  ~PngPicture() { png_destroy_read_struct(&png_, &info_, nullptr); }

  /// Reads all rows. False: see message().
  /// @param rows [height, row_bytes]
  bool read_rows(std::uint8_t* rows, std::size_t row_bytes) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_read_fn(png_, this, supply);
    png_set_crc_action(png_, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_option(png_, PNG_MAXIMUM_INFLATE_WINDOW, PNG_OPTION_ON);
    png_read_info(png_, info_);
    request_samples();
    const int passes = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    if (png_get_rowbytes(png_, info_) != row_bytes) png_error(png_, "unexpected length of a row");
    for (int pass = 0; pass < passes; ++pass)
      for (std::uint32_t y = 0; y < chunks_.height; ++y)
        png_read_row(png_, rows + y * row_bytes, nullptr);
    return true;
  }

  const char* message() const noexcept { return message_; }
  bool warned() const noexcept { return warned_; }

 private:
  [[noreturn]] static void leave(png_structp png, png_const_charp text) {
    auto* picture = static_cast<PngPicture*>(png_get_error_ptr(png));
    std::snprintf(picture->message_, sizeof picture->message_, "%s", text);
    png_longjmp(png, 1);
  }
  static void note_warning(png_structp png, png_const_charp) {
    static_cast<PngPicture*>(png_get_error_ptr(png))->warned_ = true;
  }
  static void supply(png_structp png, png_bytep out, std::size_t count) {
    if (!static_cast<PngPicture*>(png_get_io_ptr(png))->stream_.read(out, count))
      png_error(png, "the bytes end before the picture does");
  }

  /// One 8-bit sample for grays and indices, three for colors; 16-bit grays stay as they are.
  void request_samples() {
    const bool gray = chunks_.color == Color::kGrey;
    if (chunks_.color == Color::kPalette) png_set_packing(png_);
    if (gray && chunks_.depth < 8) png_set_expand_gray_1_2_4_to_8(png_);
    if (!gray && chunks_.depth == 16) png_set_strip_16(png_);
    if (chunks_.color == Color::kGreyAlpha || chunks_.color == Color::kRgba)
      png_set_strip_alpha(png_);
  }

  const PngChunks& chunks_;
  PixelStream stream_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  bool warned_ = false;
  char message_[256] = "";
};

/// Colors of a gray or palette picture. @return true if a 16-bit sample was clipped
bool samples_to_rgb(const PngChunks& png, const DecodePolicy& policy,
                    const std::vector<std::uint8_t>& samples, std::vector<std::uint8_t>& rgb) {
  std::uint8_t* out = rgb.data();
  if (png.color == Color::kPalette) {
    for (const std::uint8_t index : samples) out = std::copy_n(png.palette[index].data(), 3, out);
    return false;
  }
  if (png.depth < 16 || png.color != Color::kGrey) {
    for (const std::uint8_t sample : samples) out = std::fill_n(out, 3, sample);
    return false;
  }
  bool clipped = false;
  for (std::size_t i = 0; i < samples.size(); i += 2) {
    const int value = samples[i] << 8 | samples[i + 1];
    clipped = clipped || value > 255;
    out = std::fill_n(
        out, 3,
        static_cast<std::uint8_t>(policy.scale_gray16 ? value / 257 : std::min(value, 255)));
  }
  return clipped && !policy.scale_gray16;
}

PngChunks read_chunks(const EncodedPicture& encoded) {
  PngChunks chunks = read_png_chunks(encoded.bytes, encoded.where);
  check_pixel_limit(chunks.facts.size, encoded.where, encoded.policy.max_pixels);
  return chunks;
}

}  // namespace

void decode_png(const EncodedPicture& encoded, Image& image, ImageFacts* facts) {
  const PngChunks chunks = read_chunks(encoded);
  PngPicture picture(chunks);
  set_size(image, chunks.facts.size);
  const auto area = static_cast<std::size_t>(image.size.area());
  const bool colored = chunks.color == Color::kRgb || chunks.color == Color::kRgba;
  const bool wide_gray = chunks.color == Color::kGrey && chunks.depth == 16;
  const std::size_t sample_bytes = wide_gray ? 2 : 1;
  std::vector<std::uint8_t> samples(colored ? 0 : area * sample_bytes);
  const bool read = colored ? picture.read_rows(image.rgb.data(), std::size_t{chunks.width} * 3)
                            : picture.read_rows(samples.data(), chunks.width * sample_bytes);
  if (!read) refuse_picture(encoded, "PNG", picture.message());
  const bool clipped = !colored && samples_to_rgb(chunks, encoded.policy, samples, image.rgb);
  if (facts != nullptr) {
    *facts = chunks.facts;
    if (clipped) facts->flags |= kClipped16;
    if (picture.warned()) facts->flags |= kDecoderWarning;
  }
}

ImageFacts probe_png(const EncodedPicture& encoded) { return read_chunks(encoded).facts; }

}  // namespace intr
