// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace intr {

/// Normalized values of every byte, by channel.
using NormalizeTable = std::array<std::array<float, 256>, 3>;
const NormalizeTable& normalize_table();

/// Normalizes `count` values of whole pixels, and writes `zeros` zeros behind them.
void normalize_row(const std::uint8_t* source, std::size_t count, float* target, std::size_t zeros);
void normalize_row_avx2(const std::uint8_t* source, std::size_t count, float* target,
                        std::size_t zeros);

}  // namespace intr
