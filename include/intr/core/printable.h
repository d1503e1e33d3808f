// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace intr {

/// Text that may hold any bytes (paths, class names), for people and JSON: '%' and bytes that are
/// no printable UTF-8 are percent-encoded.
std::string printable(const std::string& bytes);

/// A name for messages: printable, in quotes, cut after 120 bytes.
std::string quoted_name(const std::string& bytes);

/// The bytes of printable text. @throws DataError if two digits do not follow a percent sign
std::string from_printable(const std::string& text);

/// The code points of text; an invalid byte b becomes U+DC00 + b, as Python's surrogate escape
/// does.
std::u32string code_points(const std::string& bytes);

/// The order in which Python sorts file names: by code point.
bool code_point_less(const std::string& a, const std::string& b);

}  // namespace intr
