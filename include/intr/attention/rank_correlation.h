// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace intr {

/// Spearman's rank correlation (1904): Pearson's correlation of the ranks, equal values sharing the
/// mean of their ranks. Pairs with a value that is not finite are left out. NaN if fewer than two
/// pairs are left or all values of a side are equal.
/// @param a, b of one length
double rank_correlation(std::span<const double> a, std::span<const double> b);

}  // namespace intr
