// SPDX-License-Identifier: Apache-2.0
#include "intr/image/jpeg.h"

#include <fmt/format.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include <jpeglib.h>

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

/// Pillow's integer formula. Adobe's programs store CMYK inverted, so do nearly all files.
void cmyk_row_to_rgb(const std::uint8_t* cmyk, std::size_t width, std::uint8_t* rgb) {
  for (std::size_t x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    const int light = cmyk[3];  // 255 - K
    for (int c = 0; c < 3; ++c) {
      const int product = (255 - cmyk[c]) * light + 128;
      rgb[c] = static_cast<std::uint8_t>(std::max(0, light - ((product + (product >> 8)) >> 8)));
    }
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
      std::uint8_t* target = info_.out_color_space == JCS_RGB ? out : row;
      jpeg_read_scanlines(&info_, &target, 1);
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

[[noreturn]] void refuse(const JpegPicture& picture, const std::string& where) {
  throw DataError(
      fmt::format("broken JPEG picture: {} (at byte {})", picture.message(), picture.bytes_read()),
      where, "replace the file or leave it out");
}

void open_picture(JpegPicture& picture, bool keep_markers, const std::string& where) {
  if (!picture.read_header(keep_markers)) refuse(picture, where);
  check_pixel_limit(picture.size(), where);
}

}  // namespace

Image decode_jpeg(std::span<const std::byte> bytes, const std::string& where, ImageFacts* facts) {
  JpegPicture picture(bytes);
  open_picture(picture, facts != nullptr, where);
  if (facts != nullptr) *facts = header_facts(picture);
  Image image{picture.size(), {}};
  const auto width = static_cast<std::size_t>(image.size.width);
  image.rgb.resize(static_cast<std::size_t>(image.size.area()) * 3);
  std::vector<std::uint8_t> row(picture.info().num_components == 3 ? 0 : width * 4);
  if (!picture.read_rows(image.rgb.data(), row.data())) refuse(picture, where);
  if (facts != nullptr) {
    if (picture.warned()) facts->flags |= kDecoderWarning;
    // The further pictures of a multi-picture file are no stray bytes.
    if (picture.bytes_left() && (facts->flags & kAnimated) == 0) facts->flags |= kTrailingBytes;
  }
  return image;
}

ImageFacts probe_jpeg(std::span<const std::byte> bytes, const std::string& where) {
  JpegPicture picture(bytes);
  open_picture(picture, true, where);
  return header_facts(picture);
}

}  // namespace intr
