// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace intr {

/// Elements from the first of a view to its last, both counted. @param shape no size is 0
std::int64_t view_extent(const std::vector<std::int64_t>& shape,
                         const std::vector<std::int64_t>& stride) noexcept;

/// Copies the elements of any view one after another into row-major order.
/// @param from begins with the view's first element and reaches to its last
/// @param item bytes of an element
/// @param out  exactly the view's values long, at least one
void copy_view(std::span<const std::byte> from, const std::vector<std::int64_t>& shape,
               const std::vector<std::int64_t>& stride, std::size_t item, std::span<std::byte> out);

}  // namespace intr
