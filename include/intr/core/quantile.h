// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

namespace intr {

/// What a part of the values (0 to 1) lies below: between two neighbors in proportion. 0 of none.
double quantile(std::vector<double> values, double part);
inline double median(std::vector<double> values) { return quantile(std::move(values), 0.5); }

/// The value at that place or the one before, never between two: so one outlier among few values
/// has no say. 0 of none.
double lower_quantile(std::vector<double> values, double part);

}  // namespace intr
