// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

namespace intr {

/// Puts a gallery's index.html in place.
/// @param report    address of a page of measures to link to; "" for none
/// @param columns   see gallery_columns
/// @param in_page   chunks that stand in the page itself, as JSON without '<'; none if they are
/// files
void write_gallery_page(const std::string& path, const std::string& title,
                        const std::string& report, const std::string& columns,
                        std::span<const std::string> in_page);

}  // namespace intr
