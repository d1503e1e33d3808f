// SPDX-License-Identifier: Apache-2.0
// The passes with vector instructions: each in a file of its own, all with the same results.
#pragma once

#include <memory>

#include "intr/image/resize_kernels.h"

namespace intr {

/// For any axis.
std::unique_ptr<const ColumnPass> make_scalar_columns(ResizeAxis axis);
std::unique_ptr<const RowPass> make_scalar_rows(ResizeAxis axis);

/// Nothing if the axis has windows of three pixels or more, or the rows are too short.
std::unique_ptr<const ColumnPass> make_pair_columns_avx2(const ResizeAxis& axis);
std::unique_ptr<const ColumnPass> make_pair_columns_avx512(const ResizeAxis& axis);
/// Any number of pixels in a window. Nothing if the rows are too short.
std::unique_ptr<const ColumnPass> make_wide_columns_avx2(const ResizeAxis& axis);
std::unique_ptr<const RowPass> make_rows_avx2(ResizeAxis axis);
std::unique_ptr<const RowPass> make_rows_avx512(ResizeAxis axis);

}  // namespace intr
