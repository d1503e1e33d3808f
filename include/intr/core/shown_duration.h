// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace intr {

/// A time for people: "8.4 s", "54 s", "12 min 30 s", "3 h 5 min", "2 d 4 h".
/// @param seconds not below 0
std::string shown_duration(double seconds);

}  // namespace intr
