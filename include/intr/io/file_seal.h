// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace intr {

/// The last bytes of a sealed file: "\nINTR-SEAL v1 ", the number of bytes before it (16
/// hexadecimal digits), a space, their XXH3-128 (32) and "\n". HDF5 reads nothing beyond its own
/// end, so a sealed file is a plain HDF5 file to every other reader.
inline constexpr std::uint64_t kSealBytes = 64;

/// Appends the seal to a file that nobody will change any more. @throws EnvironmentError
void seal_file(const std::string& path);

/// Whether a file ends as sealed files do. For kinds of file that were not always sealed.
bool has_seal(const std::string& path);

/// Finds every changed, missing or added byte before a library reads one that it trusts.
/// @throws DataError if it is missing, has no seal or does not agree with it
void require_sealed(const std::string& path);

}  // namespace intr
