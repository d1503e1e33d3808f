// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "intr/image/resize_kernels.h"

namespace intr {

/// Rows between the two passes: made by the horizontal one when the vertical one asks for them, and
/// kept while it may need them, so that they stay in the processor's cache.
class NarrowedRows {
 public:
  /// @param memory used, and grown if needed
  /// @param source row 0 of the picture; `stride` bytes from row to row
  /// @param first, end the rows that are asked for, in ascending order, at most `window` at a time
  NarrowedRows(const ColumnPass& pass, std::vector<std::uint8_t>& memory, std::size_t target_bytes,
               const std::uint8_t* source, std::int64_t stride, std::int64_t first,
               std::int64_t end, std::int64_t window)
      : pass_(&pass),
        source_(source),
        stride_(stride),
        made_(first),
        end_(end),
        capacity_(window + static_cast<std::int64_t>(ColumnPass::kRows)),
        row_bytes_((target_bytes + ColumnPass::kSlack + 63) / 64 * 64) {
    const std::size_t bytes = static_cast<std::size_t>(capacity_) * row_bytes_;
    if (memory.size() < bytes) memory.resize(bytes);
    memory_ = memory.data();
  }

  const std::uint8_t* row(std::int64_t y) {
    while (made_ <= y) make_next();
    return place(y);
  }

 private:
  std::uint8_t* place(std::int64_t y) const {
    return memory_ + static_cast<std::size_t>(y % capacity_) * row_bytes_;
  }
  void make_next() {
    ColumnPass::Sources sources;
    ColumnPass::Targets targets;
    for (std::size_t i = 0; i < ColumnPass::kRows; ++i) {
      const std::int64_t y = std::min(made_ + static_cast<std::int64_t>(i), end_ - 1);
      sources[i] = source_ + y * stride_;
      targets[i] = place(y);
    }
    pass_->run(sources, targets);
    made_ += static_cast<std::int64_t>(ColumnPass::kRows);
  }

  const ColumnPass* pass_;
  const std::uint8_t* source_;
  std::int64_t stride_, made_, end_, capacity_;
  std::size_t row_bytes_;
  std::uint8_t* memory_ = nullptr;
};

}  // namespace intr
