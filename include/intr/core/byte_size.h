// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace intr {

/// Bytes of a size such as "64MiB", "1GiB" or "4096". @throws UsageError naming the flag
std::uint64_t parse_bytes(const std::string& flag, const std::string& text);
/// "12.3 MiB".
std::string shown_bytes(std::uint64_t bytes);

}  // namespace intr
