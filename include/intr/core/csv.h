// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace intr {

/// A field of a CSV file (RFC 4180): quoted where it holds a separator, a quote or a line break.
std::string csv_field(const std::string& text);
/// A number of nine digits; "nan" if it is none.
std::string csv_field(double value);

}  // namespace intr
