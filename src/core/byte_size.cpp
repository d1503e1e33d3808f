// SPDX-License-Identifier: Apache-2.0
#include "intr/core/byte_size.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "intr/core/error.h"

namespace intr {

std::uint64_t parse_bytes(const std::string& flag, const std::string& text) {
  std::uint64_t value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  const std::string unit(end, last);
  const std::uint64_t factor = unit.empty() || unit == "B" ? 1
                               : unit == "KiB"             ? std::uint64_t{1} << 10
                               : unit == "MiB"             ? std::uint64_t{1} << 20
                               : unit == "GiB"             ? std::uint64_t{1} << 30
                                                           : 0;
  if (error != std::errc() || factor == 0 || value > (std::uint64_t{1} << 62) / factor) {
    throw UsageError(fmt::format("'{}' is no size", text), "--" + flag,
                     "write a number with KiB, MiB or GiB, such as 512MiB");
  }
  return value * factor;
}

std::string shown_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace intr
