// SPDX-License-Identifier: Apache-2.0
#include "intr/image/exif.h"

namespace intr {

namespace {

constexpr std::uint16_t kOrientationTag = 0x0112;
constexpr std::uint16_t kShort = 3;
constexpr std::uint16_t kLong = 4;
constexpr std::size_t kEntryBytes = 12;

/// Reads numbers of either byte order; whatever lies outside the bytes is nothing.
class TiffBytes {
 public:
  explicit TiffBytes(std::span<const std::byte> bytes) noexcept
      : bytes_(bytes), big_endian_(!bytes.empty() && bytes[0] == std::byte{'M'}) {}

  std::optional<std::uint32_t> number(std::size_t at, std::size_t length) const noexcept {
    if (at > bytes_.size() || length > bytes_.size() - at) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < length; ++i) {
      const std::size_t place = big_endian_ ? at + i : at + length - 1 - i;
      value = value << 8 | std::to_integer<std::uint32_t>(bytes_[place]);
    }
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  bool big_endian_;
};

}  // namespace

std::optional<std::uint32_t> tiff_number(std::span<const std::byte> tiff,
                                         std::uint16_t tag) noexcept {
  const bool marked = tiff.size() >= 8 && tiff[0] == tiff[1] &&
                      (tiff[0] == std::byte{'I'} || tiff[0] == std::byte{'M'});
  if (!marked) return std::nullopt;
  const TiffBytes bytes(tiff);
  if (bytes.number(2, 2) != 42u) return std::nullopt;
  const std::size_t directory = *bytes.number(4, 4);
  const std::uint32_t entries = bytes.number(directory, 2).value_or(0);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    const auto found = bytes.number(entry, 2);
    if (!found) return std::nullopt;
    if (*found != tag) continue;
    const auto type = bytes.number(entry + 2, 2);
    if (type == kShort) return bytes.number(entry + 8, 2);
    if (type == kLong) return bytes.number(entry + 8, 4);
    return std::nullopt;
  }
  return std::nullopt;
}

std::uint8_t exif_orientation(std::span<const std::byte> tiff) noexcept {
  const std::uint32_t value = tiff_number(tiff, kOrientationTag).value_or(0);
  return value <= 8 ? static_cast<std::uint8_t>(value) : std::uint8_t{0};
}

}  // namespace intr
