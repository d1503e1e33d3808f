// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "cmyk.h"
#include "codecs.h"
#include "intr/image/display.h"
#include "intr/image/exif.h"
#include "tiff_file.h"

namespace intr {
namespace {

/// How the samples of a page become colors.
enum class Colors { kGrey, kPalette, kRgb, kCmyk };
enum class Alpha { kNone, kDropped, kMultiplied };

struct Page {
  ImageSize size;  ///< as stored
  std::uint32_t samples = 1;
  std::uint32_t bits = 1;
  std::uint32_t orientation = 0;
  Colors colors = Colors::kGrey;
  Alpha alpha = Alpha::kNone;
  bool inverted = false;
  bool rgb_from_jpeg = false;
  std::vector<std::uint8_t> palette;
  ImageFacts facts;
};

const char* photometric_name(std::uint32_t photometric) {
  switch (photometric) {
    case PHOTOMETRIC_YCBCR:
      return "YCbCr colors that are not JPEG-coded in one plane";
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_ICCLAB:
    case PHOTOMETRIC_ITULAB:
      return "Lab colors";
    case PHOTOMETRIC_LOGL:
    case PHOTOMETRIC_LOGLUV:
      return "logarithmic colors";
    case PHOTOMETRIC_CFA:
      return "raw sensor data";
    default:
      return "an unknown kind of colors";
  }
}

/// Decides how a page is read.
class PageReader {
 public:
  PageReader(const TiffFile& file, const EncodedPicture& picture)
      : file_(file), picture_(picture) {}

  Page read() {
    page_.size = {file_.number(TIFFTAG_IMAGELENGTH, 0), file_.number(TIFFTAG_IMAGEWIDTH, 0)};
    check_pixel_limit(page_.size, picture_.where, picture_.policy.max_pixels);
    page_.samples = file_.number(TIFFTAG_SAMPLESPERPIXEL, 1);
    page_.bits = file_.number(TIFFTAG_BITSPERSAMPLE, 1);
    page_.orientation = file_.number(TIFFTAG_ORIENTATION, 0);
    const std::uint32_t compression = file_.number(TIFFTAG_COMPRESSION, COMPRESSION_NONE);
    if (compression == COMPRESSION_OJPEG) file_.refuse_kind("JPEG coding of the old style");
    const std::uint32_t format = file_.number(TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
    // Pillow takes signed bytes for unsigned ones.
    if (format != SAMPLEFORMAT_UINT && !(format == SAMPLEFORMAT_INT && page_.bits == 8))
      file_.refuse_kind(format == SAMPLEFORMAT_IEEEFP ? "floating-point samples"
                                                      : "samples that are no plain whole numbers");
    read_colors(compression);
    read_facts();
    return std::move(page_);
  }

 private:
  void read_colors(std::uint32_t compression) {
    const std::uint32_t photometric = file_.number(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    // libtiff takes a picture whose palette is lost for a grey one.
    if (photometric != PHOTOMETRIC_PALETTE &&
        tiff_number(picture_.bytes, TIFFTAG_PHOTOMETRIC) == PHOTOMETRIC_PALETTE)
      file_.refuse("its palette cannot be read");
    std::uint32_t needed = 1;
    if (photometric == PHOTOMETRIC_MINISWHITE || photometric == PHOTOMETRIC_MINISBLACK) {
      // Of 16-bit pictures Pillow takes the numbers as they are.
      page_.inverted = photometric == PHOTOMETRIC_MINISWHITE && page_.bits < 16;
      require_bits(true);
    } else if (photometric == PHOTOMETRIC_PALETTE) {
      page_.colors = Colors::kPalette;
      require_bits(true);
      if (page_.bits > 8) file_.refuse_kind("a palette with 16 bits");
      page_.palette = file_.palette(page_.bits);
      if (page_.palette.empty()) file_.refuse("it has no palette");
    } else if (photometric == PHOTOMETRIC_RGB) {
      page_.colors = Colors::kRgb;
      needed = 3;
    } else if (photometric == PHOTOMETRIC_SEPARATED) {
      page_.colors = Colors::kCmyk;
      needed = 4;
    } else if (photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG &&
               page_.samples == 3 && !in_planes()) {
      page_.colors = Colors::kRgb;
      page_.rgb_from_jpeg = true;
      needed = 3;
    } else {
      file_.refuse_kind(photometric_name(photometric));
    }
    if (needed > 1) require_bits(false);
    read_alpha(needed);
  }

  bool in_planes() const {
    return file_.number(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  }

  void require_bits(bool small_ones) const {
    const std::uint32_t bits = page_.bits;
    const bool known =
        bits == 8 || bits == 16 || (small_ones && (bits == 1 || bits == 2 || bits == 4));
    if (!known) file_.refuse_kind(fmt::format("{} bits a sample", bits));
  }

  void read_alpha(std::uint32_t needed) {
    const std::vector<std::uint16_t> extra = file_.extra_samples();
    if (page_.samples < needed || page_.samples > needed + 3)
      file_.refuse_kind(fmt::format("{} samples a pixel", page_.samples));
    const bool more = page_.samples > needed;
    if (more && page_.bits < 8)
      file_.refuse_kind(fmt::format("{} samples of {} bits", page_.samples, page_.bits));
    const bool rgb = page_.colors == Colors::kRgb;
    if (extra.empty() ? more && rgb : more && extra[0] != EXTRASAMPLE_UNSPECIFIED) {
      const bool multiplied = !extra.empty() && extra[0] == EXTRASAMPLE_ASSOCALPHA;
      if (multiplied && !rgb) file_.refuse_kind("grey multiplied with transparency");
      if (page_.colors == Colors::kCmyk) file_.refuse_kind("CMYK with transparency");
      page_.alpha = multiplied ? Alpha::kMultiplied : Alpha::kDropped;
    }
  }

  void read_facts() {
    ImageFacts& facts = page_.facts;
    facts.codec = Codec::kTiff;
    facts.mode = mode();
    facts.size = page_.size;
    if (page_.orientation >= 1 && page_.orientation <= 8)
      facts.orientation = static_cast<std::uint8_t>(page_.orientation);
    if (facts.orientation > 1) facts.flags |= kOrientationApplied;
    if (facts.orientation >= 5) std::swap(facts.size.width, facts.size.height);
    if (page_.alpha != Alpha::kNone) facts.flags |= kAlphaDropped;
    if (file_.has_profile()) facts.flags |= kIcc;
  }

  PixelMode mode() const {
    const bool alpha = page_.alpha != Alpha::kNone;
    switch (page_.colors) {
      case Colors::kPalette:
        return alpha ? PixelMode::kPA : PixelMode::kP;
      case Colors::kCmyk:
        return PixelMode::kCMYK;
      case Colors::kRgb:
        return alpha ? PixelMode::kRGBA : PixelMode::kRGB;
      case Colors::kGrey:
        break;
    }
    if (page_.bits == 16) return PixelMode::kI16;
    if (page_.bits == 1) return PixelMode::k1;
    return alpha ? PixelMode::kLA : PixelMode::kL;
  }

  const TiffFile& file_;
  const EncodedPicture& picture_;
  Page page_;
};

using Rgb = std::array<std::uint8_t, 3>;

/// Turns one pixel's samples into a color.
class PixelConverter {
 public:
  PixelConverter(const Page& page, const DecodePolicy& policy)
      : page_(page), most_((1u << page.bits) - 1), scale_(policy.scale_gray16) {}

  Rgb operator()(const std::uint16_t* samples) {
    switch (page_.colors) {
      case Colors::kPalette: {
        const std::uint8_t* color = page_.palette.data() + std::size_t{samples[0]} * 3;
        return {color[0], color[1], color[2]};
      }
      case Colors::kRgb:
        return rgb(samples);
      case Colors::kCmyk:
        return cmyk_to_rgb(byte(samples[0]), byte(samples[1]), byte(samples[2]), byte(samples[3]));
      case Colors::kGrey:
        break;
    }
    const std::uint8_t level = grey(samples[0]);
    return {level, level, level};
  }
  bool clipped() const noexcept { return clipped_; }

 private:
  /// A sample of 8 or 16 bits in 8.
  std::uint8_t byte(std::uint16_t sample) const {
    return static_cast<std::uint8_t>(page_.bits == 16 ? sample >> 8 : sample);
  }

  std::uint8_t grey(std::uint32_t sample) {
    if (page_.bits == 16) {
      if (scale_) return static_cast<std::uint8_t>(sample / 257);
      clipped_ = clipped_ || sample > 255;
      return static_cast<std::uint8_t>(std::min(sample, 255u));
    }
    const std::uint32_t level = sample * 255 / most_;
    return static_cast<std::uint8_t>(page_.inverted ? 255 - level : level);
  }

  Rgb rgb(const std::uint16_t* samples) const {
    const Rgb color = {byte(samples[0]), byte(samples[1]), byte(samples[2])};
    if (page_.alpha != Alpha::kMultiplied) return color;
    const int alpha = byte(samples[3]);
    if (alpha == 255) return color;
    Rgb divided = {0, 0, 0};
    for (std::size_t c = 0; alpha > 0 && c < 3; ++c)
      divided[c] = static_cast<std::uint8_t>(std::min(255, color[c] * 255 / alpha));
    return divided;
  }

  const Page& page_;
  std::uint32_t most_;
  bool scale_;
  bool clipped_ = false;
};

}  // namespace

void decode_tiff(const EncodedPicture& picture, Image& image, ImageFacts& facts) {
  TiffFile file(picture);
  const Page page = PageReader(file, picture).read();
  if (page.rgb_from_jpeg) file.ask_for_rgb();
  const std::vector<std::uint16_t> samples = file.read_samples(page.size, page.samples, page.bits);
  set_size(image, page.size);
  PixelConverter convert(page, picture.policy);
  for (std::size_t i = 0; i < static_cast<std::size_t>(page.size.area()); ++i)
    std::copy_n(convert(samples.data() + i * page.samples).data(), 3, image.rgb.data() + i * 3);
  facts = page.facts;
  if (convert.clipped()) facts.flags |= kClipped16;
  if (file.has_more_pages()) facts.flags |= kAnimated;
  if ((facts.flags & kOrientationApplied) != 0)
    image = upright(std::move(image), facts.orientation);
}

ImageFacts probe_tiff(const EncodedPicture& picture) {
  const TiffFile file(picture);
  return PageReader(file, picture).read().facts;
}

}  // namespace intr
