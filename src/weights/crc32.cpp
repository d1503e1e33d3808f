// SPDX-License-Identifier: Apache-2.0
#include "crc32.h"

#include <libdeflate.h>

namespace intr {

std::uint32_t crc32_of(std::span<const std::byte> bytes, std::uint32_t before) noexcept {
  return libdeflate_crc32(before, bytes.data(), bytes.size());
}

}  // namespace intr
