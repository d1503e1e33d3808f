// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "intr/weights/key_names.h"
#include "state_dict_root.h"

namespace intr {

/// "module.", "model.", "detr." or several of them, where all keys of the model begin with it. The
/// panoptic heads of DETR stand beside "detr." and do not count.
std::string common_prefix(const std::vector<RootKey>& keys);

/// The key without the words of the prefix that it begins with: a panoptic head has only those
/// before "detr.".
std::string without_prefix(const std::string& key, const std::string& prefix);

/// Whose names these are, once the prefix is off.
WeightFamily recognize_family(const std::vector<RootKey>& keys, const std::string& prefix);

/// Why our models have no use for a key (its prefix taken off); empty if they may have one.
std::string_view reason_to_drop(WeightFamily family, std::string_view key);

}  // namespace intr
