// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

/// What a map over S cells says by itself. Maps are doubles that sum to 1; 0 ln 0 = 0. A number
/// that is not defined is NaN.
namespace intr {

/// The map divided by its sum, in double.
std::vector<double> normalized_map(std::span<const float> map);
/// Mean over maps of one grid, cell by cell. At least one map.
std::vector<double> mean_map(std::span<const std::vector<double>> maps);

/// E = -sum a ln a, in nats (Shannon 1948): 0 of one cell, ln S of a uniform map.
double map_entropy(std::span<const double> map);
/// Cells that a uniform map of this entropy would have, as a share of S: exp(E) / S, in [1/S, 1].
double effective_area(double entropy, std::int64_t num_cells);

/// The cell with the largest value; of equal ones, up to rounding (one part in 10^12), the first.
std::int64_t peak_cell(std::span<const double> map);

/// Jensen-Shannon divergence as a share of its largest value, ln 2 (Lin 1991): 0 of equal maps, 1
/// of disjoint ones.
double js_divergence(std::span<const double> p, std::span<const double> q);

/// 1 - the mean cosine over pairs of maps: 0 of equal maps, 1 of disjoint ones; NaN below two maps.
double cosine_diversity(std::span<const std::vector<double>> maps);
/// [E(mean of maps) - mean of E] / ln N, the generalized Jensen-Shannon divergence in [0, 1]; NaN
/// below two maps. @param entropies of each map
double information_diversity(std::span<const std::vector<double>> maps,
                             std::span<const double> entropies);

}  // namespace intr
