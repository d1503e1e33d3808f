// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace intr {

/// A file of src/attention/gallery or src/attention/report that was built in. @throws InternalError
/// for other names
std::string_view embedded_text(std::string_view name);

}  // namespace intr
