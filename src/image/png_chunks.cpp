// SPDX-License-Identifier: Apache-2.0
#include "intr/image/png_chunks.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>

#include "codecs.h"
#include "intr/image/exif.h"

namespace intr {

namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kNameBytes = 4;
constexpr std::size_t kFrameBytes = 12;  // length, name and checksum around a chunk's contents
constexpr std::size_t kHeaderBytes = 13;

std::uint32_t big_endian(std::span<const std::byte> bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes[i]);
  return value;
}

std::uint32_t crc_of(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

struct Chunk {
  std::size_t at = 0;  ///< byte where the chunk begins
  std::string_view name;
  std::span<const std::byte> contents;
  bool whole = true;      ///< false: the file ends inside it
  bool crc_right = true;  ///< meaningful if whole
  std::size_t end() const { return at + kFrameBytes + contents.size(); }
};

/// The chunk that begins at a byte; nothing if not even its frame's first half is there.
std::optional<Chunk> chunk_at(std::span<const std::byte> bytes, std::size_t at) {
  if (at > bytes.size() || bytes.size() - at < 8) return std::nullopt;
  Chunk chunk;
  chunk.at = at;
  const std::span<const std::byte> named = bytes.subspan(at + 4);
  chunk.name = {reinterpret_cast<const char*>(named.data()), kNameBytes};
  const std::size_t length = big_endian(bytes.subspan(at));
  const std::size_t there = named.size() - kNameBytes;
  chunk.contents = named.subspan(kNameBytes, std::min(length, there));
  chunk.whole = there >= length && there - length >= 4;
  if (chunk.whole)
    chunk.crc_right =
        crc_of(named.first(kNameBytes + length)) == big_endian(named.subspan(kNameBytes + length));
  return chunk;
}

/// Walks over the chunks of one file.
class ChunkWalk {
 public:
  ChunkWalk(std::span<const std::byte> bytes, const std::string& where)
      : bytes_(bytes), where_(where) {}

  PngChunks read() {
    read_header();
    read_before_pixels();
    read_pixels();
    read_after_pixels();
    return std::move(png_);
  }

 private:
  [[noreturn]] void refuse(std::string_view reason) const {
    refuse_picture({bytes_, where_, {}}, "PNG", std::string(reason),
                   static_cast<std::int64_t>(at_));
  }

  /// A chunk that must be whole and right.
  Chunk sound_chunk() const {
    const std::optional<Chunk> chunk = chunk_at(bytes_, at_);
    if (!chunk) refuse("the bytes end before the pixels");
    const bool named = std::all_of(chunk->name.begin(), chunk->name.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0;
    });
    if (!named) refuse("no chunk begins here");
    if (chunk->name == "IDAT") return *chunk;  // its end and its checksum do not matter
    if (!chunk->whole) refuse("the bytes end before the pixels");
    if (!chunk->crc_right) refuse(fmt::format("wrong checksum of chunk {}", chunk->name));
    return *chunk;
  }

  void read_header() {
    at_ = kSignatureBytes;
    const Chunk chunk = sound_chunk();
    if (chunk.name != "IHDR" || chunk.contents.size() < kHeaderBytes) refuse("no header chunk");
    const auto byte = [&](std::size_t i) {
      return std::to_integer<std::uint8_t>(chunk.contents[i]);
    };
    png_.width = big_endian(chunk.contents);
    png_.height = big_endian(chunk.contents.subspan(4));
    png_.depth = byte(8);
    png_.color = static_cast<PngChunks::Color>(byte(9));
    png_.interlaced = byte(12) != 0;
    if (byte(11) != 0) refuse("unknown filter method");
    png_.facts.codec = Codec::kPng;
    png_.facts.size = {png_.height, png_.width};
    png_.facts.mode = mode();
    at_ = chunk.end();
  }

  PixelMode mode() {
    const int depth = png_.depth;
    const bool small = depth == 1 || depth == 2 || depth == 4;
    const bool wide = depth == 8 || depth == 16;
    switch (png_.color) {
      case PngChunks::Color::kGrey:
        if (depth == 1) return PixelMode::k1;
        if (depth == 16) return PixelMode::kI16;
        if (small || depth == 8) return PixelMode::kL;
        break;
      case PngChunks::Color::kRgb:
        if (wide) return PixelMode::kRGB;
        break;
      case PngChunks::Color::kPalette:
        if (small || depth == 8) return PixelMode::kP;
        break;
      case PngChunks::Color::kGreyAlpha:
        if (wide) png_.facts.flags |= kAlphaDropped;
        if (depth == 8) return PixelMode::kLA;
        if (depth == 16) return PixelMode::kRGBA;  // Pillow has no mode for it
        break;
      case PngChunks::Color::kRgba:
        if (wide) png_.facts.flags |= kAlphaDropped;
        if (wide) return PixelMode::kRGBA;
        break;
    }
    refuse(fmt::format("unknown color type {} with {} bits", static_cast<int>(png_.color), depth));
  }

  void read_before_pixels() {
    for (;;) {
      const Chunk chunk = sound_chunk();
      if (chunk.name == "IDAT") return;
      if (chunk.name == "IEND") refuse("it has no pixels");
      if (chunk.name == "PLTE" && png_.color == PngChunks::Color::kPalette) read_palette(chunk);
      if (chunk.name == "iCCP") png_.facts.flags |= kIcc;
      if (chunk.name == "acTL" && chunk.contents.size() >= 8 && big_endian(chunk.contents) > 1)
        png_.facts.flags |= kAnimated;
      read_orientation(chunk);
      at_ = chunk.end();
    }
  }

  void read_palette(const Chunk& chunk) {
    has_palette_ = true;
    const std::size_t entries = std::min(chunk.contents.size() / 3, png_.palette.size());
    for (std::size_t i = 0; i < entries; ++i)
      for (std::size_t c = 0; c < 3; ++c)
        png_.palette[i][c] = std::to_integer<std::uint8_t>(chunk.contents[3 * i + c]);
  }

  void read_orientation(const Chunk& chunk) {
    if (chunk.name == "eXIf") png_.facts.orientation = exif_orientation(chunk.contents);
  }

  void read_pixels() {
    if (png_.color == PngChunks::Color::kPalette && !has_palette_) refuse("it has no palette");
    for (;;) {
      const std::optional<Chunk> chunk = chunk_at(bytes_, at_);
      if (!chunk || chunk->name != "IDAT") return;
      png_.pixels.push_back(chunk->contents);
      if (!chunk->whole || !chunk->crc_right) png_.facts.flags |= kDecoderWarning;
      at_ = chunk->end();
    }
  }

  /// The pixels are there: whatever is wrong behind them is at most worth a flag.
  void read_after_pixels() {
    for (;;) {
      const std::optional<Chunk> chunk = chunk_at(bytes_, at_);
      if (!chunk || !chunk->whole) {
        png_.facts.flags |= kDecoderWarning;
        return;
      }
      read_orientation(*chunk);
      at_ = chunk->end();
      if (chunk->name != "IEND") continue;
      if (at_ < bytes_.size()) png_.facts.flags |= kTrailingBytes;
      return;
    }
  }

  std::span<const std::byte> bytes_;
  const std::string& where_;
  std::size_t at_ = 0;
  bool has_palette_ = false;
  PngChunks png_;
};

}  // namespace

PngChunks read_png_chunks(std::span<const std::byte> bytes, const std::string& where) {
  return ChunkWalk(bytes, where).read();
}

}  // namespace intr
