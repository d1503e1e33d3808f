// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "intr/train/link_fit.h"

namespace intr {

/// What `intr-bench comm` found out about a machine. Its JSON file is the profile: these are
/// members of "summary".
struct CommProfile {
  std::int64_t ranks = 0;
  std::int64_t nodes = 0;
  LinkFit fit;
  /// One picture's backward pass on a rank while all ranks compute; 0 = not measured.
  double picture_backward_s = 0;
};

/// The members of a summary that a profile is read from.
nlohmann::ordered_json to_json(const CommProfile& profile);
/// @throws DataError if the file is missing or is no result of `intr-bench comm`
CommProfile read_comm_profile(const std::string& path);

}  // namespace intr
