// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "intr/weights/weight_file.h"

namespace intr {

/// A tensor below a root, and its key there.
struct RootKey {
  std::size_t entry = 0;  ///< number in WeightFile::entries()
  std::string key;
};

/// A place of a weight file where a state dict may stand.
struct StateDictRoot {
  std::string name;  ///< "model", …; empty: the top itself
  std::vector<RootKey> keys;
};

/// Every place with tensors that may be a state dict: the top-level keys "model", "state_dict" and
/// "model_state_dict", then the top itself. Where one of the keys is there, the top's own tensors
/// are those without a "/".
std::vector<StateDictRoot> state_dict_roots(const WeightFile& file);

}  // namespace intr
