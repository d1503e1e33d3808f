// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <utility>

#include "intr/core/error.h"

namespace intr {

/// Converts between integer types; a value that does not fit is an InternalError naming it.
template <class To, class From>
constexpr To checked_cast(From value) {
  if (!std::in_range<To>(value))
    throw InternalError(fmt::format("the number {} does not fit its type", value));
  return static_cast<To>(value);
}

}  // namespace intr
