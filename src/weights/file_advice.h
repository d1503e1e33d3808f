// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace intr {

/// What to do about a file whose bytes no honest writer makes.
inline constexpr const char* kDamaged =
    "the file is damaged or hostile: get it again from its source";
/// What to do about a file that ends early.
inline constexpr const char* kCut = "the file was cut: get it again from its source";

}  // namespace intr
