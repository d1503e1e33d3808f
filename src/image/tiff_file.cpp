// SPDX-License-Identifier: Apache-2.0
#include "tiff_file.h"

#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "intr/core/error.h"

namespace intr {

/// The bytes that libtiff reads, and what it had to say.
struct TiffFile::Memory {
  std::span<const std::byte> bytes;
  std::uint64_t at = 0;
  std::string error;
};

/// A strip or a tile of one plane or of all.
struct TiffFile::Block {
  bool tile = false;
  std::uint32_t number = 0;
  std::int64_t stored_bytes = 0;
};

namespace {

template <class Memory>
Memory& memory_of(thandle_t handle) {
  return *static_cast<Memory*>(handle);
}

/// Unpacks `count` samples of a row of a block.
void unpack(const std::uint8_t* row, std::uint32_t bits, std::size_t count, std::uint16_t* out,
            std::size_t step) {
  for (std::size_t i = 0; i < count; ++i, out += step) {
    if (bits == 16) {
      std::memcpy(out, row + 2 * i, 2);
    } else {
      const std::size_t bit = i * bits;
      *out = static_cast<std::uint16_t>(row[bit / 8] >> (8 - bits - bit % 8) & ((1u << bits) - 1));
    }
  }
}

}  // namespace

TiffFile::TiffFile(const EncodedPicture& picture)
    : picture_(picture), memory_(std::make_unique<Memory>()) {
  memory_->bytes = picture.bytes;
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  TIFFOpenOptionsSetErrorHandlerExtR(
      options,
      [](TIFF*, void* memory, const char*, const char* format, va_list values) {
        char text[200];
        std::vsnprintf(text, sizeof text, format, values);
        static_cast<Memory*>(memory)->error = text;
        return 1;
      },
      memory_.get());
  // Most warnings are about tags that nobody knows. But libtiff also only warns when it cannot read
  // a tag, and then shows another picture.
  TIFFOpenOptionsSetWarningHandlerExtR(
      options,
      [](TIFF*, void* memory, const char*, const char* format, va_list values) {
        char text[200];
        std::vsnprintf(text, sizeof text, format, values);
        if (std::strstr(text, "IO error") != nullptr || std::strstr(text, "Read error") != nullptr)
          static_cast<Memory*>(memory)->error = text;
        return 1;
      },
      memory_.get());
  tiff_ = TIFFClientOpenExt(
      "picture", "rm", memory_.get(),
      [](thandle_t handle, void* out, tmsize_t count) -> tmsize_t {
        auto& memory = memory_of<Memory>(handle);
        const std::uint64_t left =
            memory.at < memory.bytes.size() ? memory.bytes.size() - memory.at : 0;
        const auto taken = std::min(left, static_cast<std::uint64_t>(std::max<tmsize_t>(count, 0)));
        if (taken > 0) std::memcpy(out, memory.bytes.data() + memory.at, taken);
        memory.at += taken;
        return static_cast<tmsize_t>(taken);
      },
      [](thandle_t, void*, tmsize_t) -> tmsize_t { return 0; },
      [](thandle_t handle, toff_t offset, int origin) -> toff_t {
        auto& memory = memory_of<Memory>(handle);
        memory.at = origin == SEEK_SET   ? offset
                    : origin == SEEK_CUR ? memory.at + offset
                                         : memory.bytes.size() + offset;
        return memory.at;
      },
      [](thandle_t) { return 0; },
      [](thandle_t handle) -> toff_t { return memory_of<Memory>(handle).bytes.size(); },
      [](thandle_t, void**, toff_t*) { return 0; }, [](thandle_t, void*, toff_t) {}, options);
  TIFFOpenOptionsFree(options);
  const std::string trouble =
      tiff_ == nullptr && memory_->error.empty() ? "it has no page" : memory_->error;
  if (trouble.empty()) return;
  if (tiff_ != nullptr) TIFFClose(tiff_);
  refuse(trouble);
}

TiffFile::~TiffFile() {
  if (tiff_ != nullptr) TIFFClose(tiff_);
}

void TiffFile::refuse(const std::string& reason) const { refuse_picture(picture_, "TIFF", reason); }

void TiffFile::refuse_kind(const std::string& kind) const {
  throw DataError(fmt::format("a TIFF picture with {}, which is not decoded", kind), picture_.where,
                  "convert it to PNG or JPEG, or leave it out");
}

std::uint32_t TiffFile::number(std::uint32_t tag, std::uint32_t fallback) const {
  if (tag == TIFFTAG_IMAGEWIDTH || tag == TIFFTAG_IMAGELENGTH || tag == TIFFTAG_TILEWIDTH ||
      tag == TIFFTAG_TILELENGTH || tag == TIFFTAG_ROWSPERSTRIP) {
    std::uint32_t value = 0;
    return TIFFGetField(tiff_, tag, &value) == 1 ? value : fallback;
  }
  std::uint16_t value = 0;
  return TIFFGetField(tiff_, tag, &value) == 1 ? value : fallback;
}

std::vector<std::uint16_t> TiffFile::extra_samples() const {
  std::uint16_t count = 0;
  std::uint16_t* kinds = nullptr;
  if (TIFFGetField(tiff_, TIFFTAG_EXTRASAMPLES, &count, &kinds) != 1) return {};
  return {kinds, kinds + count};
}

std::vector<std::uint8_t> TiffFile::palette(std::uint32_t bits) const {
  std::uint16_t* channels[3] = {};
  if (TIFFGetField(tiff_, TIFFTAG_COLORMAP, &channels[0], &channels[1], &channels[2]) != 1)
    return {};
  std::vector<std::uint8_t> colors(std::size_t{256} * 3);
  for (std::size_t i = 0; i < std::size_t{1} << bits; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      colors[3 * i + c] = static_cast<std::uint8_t>(channels[c][i] / 256);
  return colors;
}

bool TiffFile::has_profile() const {
  std::uint32_t bytes = 0;
  void* profile = nullptr;
  return TIFFGetField(tiff_, TIFFTAG_ICCPROFILE, &bytes, &profile) == 1;
}

bool TiffFile::is_big_endian() const { return TIFFIsBigEndian(tiff_) != 0; }
bool TiffFile::has_more_pages() { return TIFFLastDirectory(tiff_) == 0; }
void TiffFile::ask_for_rgb() { TIFFSetField(tiff_, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB); }

void TiffFile::read_block(const Block& block, std::vector<std::uint8_t>& bytes) {
  const auto room = static_cast<tmsize_t>(bytes.size());
  const tmsize_t got = block.tile ? TIFFReadEncodedTile(tiff_, block.number, bytes.data(), room)
                                  : TIFFReadEncodedStrip(tiff_, block.number, bytes.data(), room);
  if (got < static_cast<tmsize_t>(block.stored_bytes))
    refuse(memory_->error.empty() ? "the bytes end before the picture does" : memory_->error);
}

std::vector<std::uint16_t> TiffFile::read_samples(ImageSize size, std::uint32_t samples,
                                                  std::uint32_t bits) {
  const bool tiled = TIFFIsTiled(tiff_) != 0;
  const bool planes = number(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  const std::int64_t block_width = tiled ? number(TIFFTAG_TILEWIDTH, 0) : size.width;
  std::int64_t block_height =
      tiled ? number(TIFFTAG_TILELENGTH, 0)
            : std::min<std::int64_t>(number(TIFFTAG_ROWSPERSTRIP, 0xffffffff), size.height);
  if (block_width < 1 || block_height < 1) refuse("its blocks have no pixels");
  // A small picture may claim a huge tile, for which memory is taken, too.
  check_pixel_limit({block_height, block_width}, picture_.where,
                    std::min(picture_.policy.max_pixels, kMaxPixels));
  const tmsize_t block_bytes = tiled ? TIFFTileSize(tiff_) : TIFFStripSize(tiff_);
  const std::uint32_t block_samples = planes ? 1 : samples;
  const std::size_t row_bytes =
      (static_cast<std::size_t>(block_width) * block_samples * bits + 7) / 8;
  if (block_bytes < static_cast<tmsize_t>(row_bytes) * block_height)
    refuse("its blocks are too small");
  // Uncompressed blocks cannot hold more than the file does.
  if (number(TIFFTAG_COMPRESSION, COMPRESSION_NONE) == COMPRESSION_NONE &&
      static_cast<std::uint64_t>(size.area()) * samples * bits / 8 > picture_.bytes.size())
    refuse("the bytes end before the picture does");

  std::vector<std::uint16_t> all(static_cast<std::size_t>(size.area()) * samples);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(block_bytes));
  std::uint32_t block = 0;
  for (std::uint32_t plane = 0; plane < (planes ? samples : 1); ++plane) {
    for (std::int64_t top = 0; top < size.height; top += block_height) {
      for (std::int64_t left = 0; left < size.width; left += block_width, ++block) {
        const std::int64_t rows = std::min(block_height, size.height - top);
        const std::int64_t columns = std::min(block_width, size.width - left);
        const std::int64_t stored_rows = tiled ? block_height : rows;
        read_block({tiled, block, static_cast<std::int64_t>(row_bytes) * stored_rows}, bytes);
        for (std::int64_t y = 0; y < rows; ++y) {
          std::uint16_t* out = all.data() +
                               static_cast<std::size_t>((top + y) * size.width + left) * samples +
                               plane;
          unpack(bytes.data() + static_cast<std::size_t>(y) * row_bytes, bits,
                 static_cast<std::size_t>(columns) * block_samples, out, planes ? samples : 1);
        }
      }
    }
  }
  return all;
}

}  // namespace intr
