// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "codecs.h"

namespace intr {

/// Little-endian numbers of an encoded picture, one after another. Reading past the end refuses the
/// picture.
class ByteReader {
 public:
  ByteReader(const EncodedPicture& picture, const char* kind)
      : picture_(&picture), kind_(kind), left_(picture.bytes) {}

  std::uint8_t byte() { return std::to_integer<std::uint8_t>(take(1)[0]); }
  std::uint16_t word() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t double_word() { return number(4); }
  /// The next `count` bytes.
  std::span<const std::byte> take(std::size_t count) {
    if (count > left_.size())
      refuse_picture(*picture_, kind_, "the bytes end before the picture does");
    const std::span<const std::byte> taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }
  /// Goes to a byte of the file.
  void seek(std::size_t position) {
    left_ = picture_->bytes;
    take(position);
  }
  std::size_t position() const noexcept { return picture_->bytes.size() - left_.size(); }
  std::size_t bytes_left() const noexcept { return left_.size(); }

 private:
  std::uint32_t number(std::size_t bytes) {
    const std::span<const std::byte> taken = take(bytes);
    std::uint32_t value = 0;
    for (std::size_t i = bytes; i-- > 0;)
      value = value << 8 | std::to_integer<std::uint32_t>(taken[i]);
    return value;
  }

  const EncodedPicture* picture_;
  const char* kind_;
  std::span<const std::byte> left_;
};

}  // namespace intr
