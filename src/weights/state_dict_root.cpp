// SPDX-License-Identifier: Apache-2.0
#include "state_dict_root.h"

#include <string_view>
#include <utility>

namespace intr {
namespace {

constexpr std::string_view kRootNames[] = {"model", "state_dict", "model_state_dict"};

/// The keys of all tensors whose path begins with the prefix.
std::vector<RootKey> keys_below(const WeightFile& file, const std::string& prefix) {
  std::vector<RootKey> keys;
  for (std::size_t i = 0; i < file.entries().size(); ++i) {
    const std::string& name = file.entries()[i].name;
    if (name.starts_with(prefix)) keys.push_back({i, name.substr(prefix.size())});
  }
  return keys;
}

}  // namespace

std::vector<StateDictRoot> state_dict_roots(const WeightFile& file) {
  std::vector<StateDictRoot> roots;
  for (const std::string_view name : kRootNames) {
    std::vector<RootKey> keys = keys_below(file, std::string(name) + "/");
    if (!keys.empty()) roots.push_back({std::string(name), std::move(keys)});
  }
  std::vector<RootKey> top = keys_below(file, "");
  if (!roots.empty())
    std::erase_if(top, [](const RootKey& key) { return key.key.find('/') != std::string::npos; });
  if (!top.empty()) roots.push_back({"", std::move(top)});
  return roots;
}

}  // namespace intr
