// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace intr {

/// Text as it may stand in XML and HTML, between tags or in a quoted attribute. Bytes that are no
/// UTF-8, and characters that XML cannot hold, become U+FFFD.
std::string markup_text(std::string_view text);

/// Width of text in pixels in a common sans serif font; an estimate that is rather too wide.
double text_width(std::string_view text, double font_size);

/// Text that is not wider than this: as it is, or its beginning and an ellipsis.
std::string fitted_text(std::string_view text, double font_size, double width);

/// Text in lines that are not wider than this, broken at blanks; a longer word is cut.
/// @return no line for an empty text
std::vector<std::string> wrapped_text(std::string_view text, double font_size, double width);

}  // namespace intr
