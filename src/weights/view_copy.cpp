// SPDX-License-Identifier: Apache-2.0
#include "view_copy.h"

#include <cstring>

#include "intr/core/error.h"

namespace intr {

std::int64_t view_extent(const std::vector<std::int64_t>& shape,
                         const std::vector<std::int64_t>& stride) noexcept {
  std::int64_t last = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) last += (shape[d] - 1) * stride[d];
  return last + 1;
}

void copy_view(std::span<const std::byte> from, const std::vector<std::int64_t>& shape,
               const std::vector<std::int64_t>& stride, std::size_t item,
               std::span<std::byte> out) {
  if (from.size() < static_cast<std::size_t>(view_extent(shape, stride)) * item)
    throw InternalError("a view reaches out of its storage");
  std::vector<std::int64_t> index(shape.size(), 0);
  std::int64_t element = 0;
  for (std::size_t to = 0; to < out.size(); to += item) {
    std::memcpy(&out[to], &from[static_cast<std::size_t>(element) * item], item);
    for (std::size_t d = index.size(); d-- > 0;) {
      element += stride[d];
      if (++index[d] < shape[d]) break;
      element -= shape[d] * stride[d];
      index[d] = 0;
    }
  }
}

}  // namespace intr
