// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codecs.h"

namespace intr {
namespace {

constexpr const char* kKind = "PNM";
constexpr std::string_view kSpace = " \t\n\v\f\r";
constexpr std::size_t kLongestToken = 10;

/// The text of the file, read from the front.
class TextReader {
 public:
  explicit TextReader(const EncodedPicture& picture)
      : picture_(picture),
        text_(reinterpret_cast<const char*>(picture.bytes.data()), picture.bytes.size()) {}

  [[noreturn]] void refuse(const std::string& reason) const {
    refuse_picture(picture_, kKind, reason, static_cast<std::int64_t>(at_));
  }

  /// The next number; one byte of space behind it is consumed, comments before it or in it are
  /// passed over.
  std::uint64_t number() {
    std::string token;
    while (at_ < text_.size() && token.size() <= kLongestToken) {
      const char c = text_[at_++];
      if (kSpace.find(c) != kSpace.npos) {
        if (!token.empty()) break;
      } else if (c == '#') {
        pass_comment();
      } else {
        token += c;
      }
    }
    std::uint64_t value = 0;
    const char* end = token.data() + token.size();
    if (token.empty()) refuse("the bytes end before the picture does");
    if (token.size() > kLongestToken) refuse("a number of more than 10 digits");
    if (std::from_chars(token.data(), end, value).ptr != end) refuse("no number");
    return value;
  }

  /// The next digit of a bitmap that is text: digits need no space between them.
  bool bit() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '#')
        pass_comment();
      else if (c == '0' || c == '1')
        return c == '1';
      else if (kSpace.find(c) == kSpace.npos)
        refuse("neither 0 nor 1");
    }
    refuse("the bytes end before the picture does");
  }

  std::span<const std::byte> rest() const { return picture_.bytes.subspan(at_); }
  void skip(std::size_t bytes) { at_ += bytes; }

 private:
  void pass_comment() {
    while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
    if (at_ < text_.size()) ++at_;
  }

  const EncodedPicture& picture_;
  std::string_view text_;
  std::size_t at_ = 0;
};

struct Header {
  bool text = false;
  int channels = 1;           ///< 1 or 3
  std::uint32_t maximum = 1;  ///< of a sample; 1 for bitmaps
  bool bitmap = false;
  ImageSize size;

  bool wide_grey() const noexcept { return channels == 1 && maximum > 255; }
  std::size_t samples_a_row() const noexcept {
    return static_cast<std::size_t>(size.width * channels);
  }
};

Header read_header(TextReader& reader, const EncodedPicture& picture) {
  Header header;
  const int kind = std::to_integer<int>(reader.rest()[1]) - '0';
  reader.skip(2);
  if (kSpace.find(static_cast<char>(reader.rest()[0])) == kSpace.npos)
    reader.refuse("no space behind the kind");
  header.text = kind <= 3;
  header.bitmap = kind == 1 || kind == 4;
  header.channels = kind % 3 == 0 ? 3 : 1;
  header.size.width = static_cast<std::int64_t>(reader.number());
  header.size.height = static_cast<std::int64_t>(reader.number());
  check_pixel_limit(header.size, picture.where, picture.policy.max_pixels);
  if (header.bitmap) return header;
  const std::uint64_t maximum = reader.number();
  if (maximum < 1 || maximum > 65535) reader.refuse(fmt::format("a maximum of {}", maximum));
  header.maximum = static_cast<std::uint32_t>(maximum);
  return header;
}

ImageFacts facts_of(const Header& header) {
  return {.codec = Codec::kPnm,
          .mode = header.bitmap          ? PixelMode::k1
                  : header.channels == 3 ? PixelMode::kRGB
                  : header.wide_grey()   ? PixelMode::kI32
                                         : PixelMode::kL,
          .size = header.size};
}

/// Turns samples into bytes: each from 0 to the maximum becomes a share of 255, or of 65535 if it
/// is wide grey, which is then clipped or scaled.
class SampleTable {
 public:
  SampleTable(const Header& header, const DecodePolicy& policy)
      : levels_(header.maximum < 256 ? 256 : 65536) {
    const double most = header.wide_grey() ? 65535 : 255;
    for (std::size_t value = 0; value < levels_.size(); ++value) {
      const double share = static_cast<double>(value) / header.maximum * most;
      const auto level = static_cast<std::uint32_t>(std::min(most, std::nearbyint(share)));
      if (!header.wide_grey())
        levels_[value] = {static_cast<std::uint8_t>(level), false};
      else if (policy.scale_gray16)
        levels_[value] = {static_cast<std::uint8_t>(level / 257), false};
      else
        levels_[value] = {static_cast<std::uint8_t>(std::min(level, 255u)), level > 255};
    }
  }
  std::uint8_t operator[](std::size_t value) {
    clipped_ = clipped_ || levels_[value].clipped;
    return levels_[value].byte;
  }
  bool clipped() const noexcept { return clipped_; }

 private:
  struct Level {
    std::uint8_t byte = 0;
    bool clipped = false;
  };
  std::vector<Level> levels_;
  bool clipped_ = false;
};

/// Fills a row of samples as the file has them.
void read_row(TextReader& reader, const Header& header, std::vector<std::uint16_t>& row) {
  if (header.text) {
    for (std::uint16_t& sample : row) {
      const std::uint64_t value = header.bitmap ? reader.bit() : reader.number();
      if (value > header.maximum)
        reader.refuse(fmt::format("a sample of {}, more than {}", value, header.maximum));
      sample = static_cast<std::uint16_t>(value);
    }
    return;
  }
  const std::size_t sample_bytes = header.maximum > 255 ? 2 : 1;
  const std::size_t bytes = header.bitmap ? (row.size() + 7) / 8 : row.size() * sample_bytes;
  const std::span<const std::byte> stored = reader.rest();
  if (stored.size() < bytes) reader.refuse("the bytes end before the picture does");
  const auto* in = reinterpret_cast<const std::uint8_t*>(stored.data());
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (header.bitmap)
      row[i] = in[i / 8] >> (7 - i % 8) & 1;
    else
      row[i] =
          static_cast<std::uint16_t>(sample_bytes == 1 ? in[i] : in[2 * i] << 8 | in[2 * i + 1]);
  }
  reader.skip(bytes);
}

/// Each pixel of a picture needs at least this many bytes: a small file cannot claim a large one.
void require_bytes(const TextReader& reader, const Header& header) {
  const auto samples = header.samples_a_row() * static_cast<std::size_t>(header.size.height);
  const std::size_t fewest = header.bitmap && !header.text ? samples / 8 : samples;
  if (reader.rest().size() < fewest) reader.refuse("the bytes end before the picture does");
}

}  // namespace

void decode_pnm(const EncodedPicture& picture, Image& image, ImageFacts& facts) {
  TextReader reader(picture);
  const Header header = read_header(reader, picture);
  require_bytes(reader, header);
  set_size(image, header.size);
  SampleTable table(header, picture.policy);
  std::vector<std::uint16_t> row(header.samples_a_row());
  std::uint8_t* rgb = image.rgb.data();
  for (std::int64_t y = 0; y < header.size.height; ++y) {
    read_row(reader, header, row);
    for (const std::uint16_t sample : row) {
      if (header.channels == 3)
        *rgb++ = table[sample];
      else  // of a bitmap 1 is black
        rgb = std::fill_n(rgb, 3, header.bitmap ? table[sample ^ 1u] : table[sample]);
    }
  }
  facts = facts_of(header);
  if (table.clipped()) facts.flags |= kClipped16;
}

ImageFacts probe_pnm(const EncodedPicture& picture) {
  TextReader reader(picture);
  return facts_of(read_header(reader, picture));
}

}  // namespace intr
