// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include <jpeglib.h>

#include "cmyk.h"
#include "codecs.h"
#include "intr/core/error.h"
#include "intr/image/exif.h"

namespace intr {

namespace {

constexpr int kMaxScans = 1000;  // more are a decoder bomb: each scan costs a pass over the picture
constexpr int kExifMarker = JPEG_APP0 + 1;
constexpr int kProfileMarker = JPEG_APP0 + 2;
constexpr unsigned kWholeMarker = 0xFFFF;
constexpr std::uint16_t kNumberOfPictures = 0xB001;  // tag of a multi-picture file's table

/// libjpeg reports through this; `base` is first because libjpeg hands back its address.
struct ErrorState {
  jpeg_error_mgr base;
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void leave(j_common_ptr info) {
  auto* state = reinterpret_cast<ErrorState*>(info->err);
  state->base.format_message(info, state->message);
  std::longjmp(state->jump, 1);
}

[[noreturn]] void leave_with(j_common_ptr info, const char* message) {
  auto* state = reinterpret_cast<ErrorState*>(info->err);
  std::snprintf(state->message, sizeof state->message, "%s", message);
  std::longjmp(state->jump, 1);
}

void count_warning(j_common_ptr info, int level) {
  if (level < 0) ++info->err->num_warnings;
}

/// libjpeg would go on with an invented end marker and grey pixels.
boolean refuse_more_input(j_decompress_ptr info) {
  leave_with(reinterpret_cast<j_common_ptr>(info), "the bytes end before the picture does");
}

void skip_input(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  const auto bytes = static_cast<std::size_t>(count);
  if (bytes > info->src->bytes_in_buffer) refuse_more_input(info);
  info->src->next_input_byte += bytes;
  info->src->bytes_in_buffer -= bytes;
}

void limit_scans(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMaxScans)
    leave_with(info, "it has more than 1000 scans, which no honest picture has");
}

void grey_row_to_rgb(const std::uint8_t* grey, std::size_t width, std::uint8_t* rgb) {
  for (std::size_t x = 0; x < width; ++x, rgb += 3) rgb[0] = rgb[1] = rgb[2] = grey[x];
}

/// Adobe's programs store CMYK inverted, so do nearly all files.
void cmyk_row_to_rgb(const std::uint8_t* cmyk, std::size_t width, std::uint8_t* rgb) {
  for (std::size_t x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    const auto color = cmyk_to_rgb(255 - cmyk[0], 255 - cmyk[1], 255 - cmyk[2], 255 - cmyk[3]);
    std::copy_n(color.data(), 3, rgb);
  }
}

/// One picture being read. The functions that call libjpeg hold no object that a longjmp would
/// leave undestroyed.
class JpegPicture {
 public:
  explicit JpegPicture(std::span<const std::byte> bytes) : bytes_(bytes) {
    info_.err = jpeg_std_error(&error_.base);
    error_.base.error_exit = leave;
    error_.base.emit_message = count_warning;
    error_.message[0] = '\0';
  }
  JpegPicture(const JpegPicture&) = delete;
  JpegPicture& operator=(const JpegPicture&) = delete;
  ~JpegPicture() { jpeg_destroy_decompress(&info_); }

  /// Everything up to the first scan. False: see message().
  bool read_header(bool keep_markers) {
    if (setjmp(error_.jump) != 0) return false;
    jpeg_create_decompress(&info_);
    connect_source();
    info_.progress = &progress_;
    progress_.progress_monitor = limit_scans;
    if (keep_markers) {
      jpeg_save_markers(&info_, kExifMarker, kWholeMarker);
      jpeg_save_markers(&info_, kProfileMarker, kWholeMarker);
    }
    jpeg_read_header(&info_, TRUE);
    if (info_.num_components == 2 || info_.num_components > 4)
      leave_with(reinterpret_cast<j_common_ptr>(&info_), "it has neither 1, 3 nor 4 components");
    return true;
  }

  /// All rows, and the end marker behind them. False: see message().
  /// @param rgb [height, width, 3]   @param row scratch for one row of the file's components
  bool read_rows(std::uint8_t* rgb, std::uint8_t* row) {
    if (setjmp(error_.jump) != 0) return false;
    info_.out_color_space = info_.num_components == 1   ? JCS_GRAYSCALE
                            : info_.num_components == 4 ? JCS_CMYK
                                                        : JCS_RGB;
    info_.dct_method = JDCT_ISLOW;
    info_.do_fancy_upsampling = TRUE;
    jpeg_start_decompress(&info_);
    const std::size_t width = info_.output_width;
    while (info_.output_scanline < info_.output_height) {
      std::uint8_t* out = rgb + std::size_t{info_.output_scanline} * width * 3;
      if (info_.out_color_space == JCS_RGB) {
        read_some_rows(out, width * 3);
        continue;
      }
      jpeg_read_scanlines(&info_, &row, 1);
      if (info_.out_color_space == JCS_GRAYSCALE) grey_row_to_rgb(row, width, out);
      if (info_.out_color_space == JCS_CMYK) cmyk_row_to_rgb(row, width, out);
    }
    jpeg_finish_decompress(&info_);
    return true;
  }

  const jpeg_decompress_struct& info() const noexcept { return info_; }
  const char* message() const noexcept { return error_.message; }
  ImageSize size() const noexcept { return {info_.image_height, info_.image_width}; }
  bool warned() const noexcept { return error_.base.num_warnings > 0; }
  bool bytes_left() const noexcept { return source_.bytes_in_buffer > 0; }
  std::size_t bytes_read() const noexcept { return bytes_.size() - source_.bytes_in_buffer; }

 private:
  /// As many rows as libjpeg gives at once.
  void read_some_rows(std::uint8_t* out, std::size_t row_bytes) {
    constexpr unsigned kMostRows = 8;
    std::uint8_t* rows[kMostRows];
    const unsigned count = std::min(kMostRows, info_.output_height - info_.output_scanline);
    for (unsigned i = 0; i < count; ++i) rows[i] = out + i * row_bytes;
    jpeg_read_scanlines(&info_, rows, count);
  }

  void connect_source() {
    source_.next_input_byte = reinterpret_cast<const JOCTET*>(bytes_.data());
    source_.bytes_in_buffer = bytes_.size();
    source_.init_source = [](j_decompress_ptr) {};
    source_.fill_input_buffer = refuse_more_input;
    source_.skip_input_data = skip_input;
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.term_source = [](j_decompress_ptr) {};
    info_.src = &source_;
  }

  std::span<const std::byte> bytes_;
  ErrorState error_{};
  jpeg_source_mgr source_{};
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct info_{};
};

/// What stands in a kept marker behind its name, or nothing if it bears another name.
std::span<const std::byte> marker_body(const jpeg_marker_struct& marker, std::string_view name) {
  const std::span<const std::byte> data(reinterpret_cast<const std::byte*>(marker.data),
                                        marker.data_length);
  if (data.size() < name.size() || std::memcmp(data.data(), name.data(), name.size()) != 0)
    return {};
  return data.subspan(name.size());
}

ImageFacts header_facts(const JpegPicture& picture) {
  using namespace std::string_view_literals;
  const jpeg_decompress_struct& info = picture.info();
  ImageFacts facts{.codec = Codec::kJpeg, .size = picture.size()};
  facts.mode = info.num_components == 1   ? PixelMode::kL
               : info.num_components == 4 ? PixelMode::kCMYK
                                          : PixelMode::kRGB;
  if (info.progressive_mode != FALSE) facts.flags |= kProgressive;
  if (info.arith_code != FALSE) facts.flags |= kArithmetic;
  for (const jpeg_marker_struct* marker = info.marker_list; marker != nullptr;
       marker = marker->next) {
    if (marker->marker == kExifMarker && facts.orientation == 0)
      facts.orientation = exif_orientation(marker_body(*marker, "Exif\0\0"sv));
    if (marker->marker != kProfileMarker) continue;
    if (!marker_body(*marker, "ICC_PROFILE\0"sv).empty()) facts.flags |= kIcc;
    if (tiff_number(marker_body(*marker, "MPF\0"sv), kNumberOfPictures).value_or(1) > 1)
      facts.flags |= kAnimated;
  }
  return facts;
}

/// Names the process of a JPEG picture that libjpeg does not read, for the message.
std::string process_of(std::span<const std::byte> bytes) {
  for (std::size_t at = 2; at + 4 < bytes.size();) {
    const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(bytes[at + i]); };
    if (byte(0) != 0xff) return {};
    const unsigned marker = byte(1);
    const bool frame =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (!frame) {
      at += 2 + (byte(2) << 8 | byte(3));
      continue;
    }
    if (marker == 0xc3 || marker == 0xc7 || marker == 0xcb || marker == 0xcf)
      return "lossless JPEG";
    if (marker >= 0xc5 && marker != 0xc9 && marker != 0xca) return "hierarchical JPEG";
    if (byte(4) != 8) return fmt::format("JPEG with {} bits a sample", byte(4));
    return {};
  }
  return {};
}

[[noreturn]] void refuse(const JpegPicture& picture, const EncodedPicture& encoded) {
  const std::string process = process_of(encoded.bytes);
  if (!process.empty())
    throw DataError(process + ", which is not decoded", encoded.where,
                    "convert it to a usual JPEG or to PNG, or leave it out");
  refuse_picture(encoded, "JPEG", picture.message(),
                 static_cast<std::int64_t>(picture.bytes_read()));
}

void open_picture(JpegPicture& picture, const EncodedPicture& encoded, bool keep_markers) {
  if (!picture.read_header(keep_markers)) refuse(picture, encoded);
  check_pixel_limit(picture.size(), encoded.where, encoded.policy.max_pixels);
}

}  // namespace

void decode_jpeg(const EncodedPicture& encoded, Image& image, ImageFacts* facts) {
  JpegPicture picture(encoded.bytes);
  open_picture(picture, encoded, facts != nullptr);
  if (facts != nullptr) *facts = header_facts(picture);
  set_size(image, picture.size());
  std::vector<std::uint8_t> row;
  if (picture.info().num_components != 3)
    row.resize(static_cast<std::size_t>(image.size.width) * 4);
  if (!picture.read_rows(image.rgb.data(), row.data())) refuse(picture, encoded);
  if (facts != nullptr) {
    if (picture.warned()) facts->flags |= kDecoderWarning;
    // The further pictures of a multi-picture file are no stray bytes.
    if (picture.bytes_left() && (facts->flags & kAnimated) == 0) facts->flags |= kTrailingBytes;
  }
}

ImageFacts probe_jpeg(const EncodedPicture& encoded) {
  JpegPicture picture(encoded.bytes);
  open_picture(picture, encoded, true);
  return header_facts(picture);
}

}  // namespace intr
