// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace intr {

/// Copies a file of a data set and compares what was read with the hash that its manifest lists.
/// @param to   a temporary name: see AtomicFile
/// @param hash XXH3-128, as hash_file() gives it
/// @return false if it was told to stop
/// @throws DataError if the bytes are others; EnvironmentError, as when the disk is full
bool copy_checked(const std::string& from, const std::string& to, const std::string& hash,
                  const std::function<bool()>& stop_requested);

}  // namespace intr
