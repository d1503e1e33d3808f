// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace intr {

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;  ///< bytes; 0 if the first byte begins no valid sequence
};

/// The code point at a byte of strict UTF-8: no overlong forms, no surrogates.
/// @param at below bytes.size()
CodePoint decode_utf8(std::string_view bytes, std::size_t at) noexcept;

/// Whether all bytes are strict UTF-8.
bool is_utf8(std::string_view bytes) noexcept;

}  // namespace intr
