// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace intr {

/// The number that a text is, all of it, if it is one from 0 to 2^63 - 1 in digits alone.
std::optional<std::int64_t> whole_number(std::string_view text);

}  // namespace intr
