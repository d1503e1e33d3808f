// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace intr {

/// A whole number of the first directory of a TIFF structure, which is how EXIF data and the table
/// of a multi-picture JPEG are stored. Damaged structures have no numbers; nothing is thrown.
/// @param tiff begins with the byte-order mark "II" or "MM"
std::optional<std::uint32_t> tiff_number(std::span<const std::byte> tiff,
                                         std::uint16_t tag) noexcept;

/// The orientation that EXIF data record, 1 to 8; 0 if there is none. @param tiff without the
/// leading "Exif\0\0"
std::uint8_t exif_orientation(std::span<const std::byte> tiff) noexcept;

}  // namespace intr
