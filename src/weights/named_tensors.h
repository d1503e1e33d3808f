// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "intr/weights/key_names.h"

namespace intr {

/// Collects the tensors of a model under our names, key by key.
class NamedTensors {
 public:
  NamedTensors(const WeightFile& file, WeightFamily family) : file_(file), family_(family) {}

  /// @param entry  number in WeightFile::entries()
  /// @param stored the key as the file spells it, for messages
  /// @param key    the same without its prefix
  void add(std::size_t entry, const std::string& stored, const std::string& key);
  /// @throws DataError listing keys that fit no rule, keys that name one tensor twice, and
  /// projections without their companions
  std::vector<NamedTensor> take() &&;

 private:
  /// A tensor that is still being put together.
  struct Group {
    std::string name;
    std::vector<std::size_t> parts;  ///< kMissing where no key came yet
  };
  void place(const std::string& name, std::size_t part, std::size_t num_parts, std::size_t entry);
  NamedTensor join(const Group& group) const;
  std::string missing_parts(const Group& group) const;
  [[noreturn]] void fail(const std::string& what) const;

  const WeightFile& file_;
  WeightFamily family_;
  std::vector<Group> groups_;
  std::map<std::string, std::size_t> by_name_;
  std::vector<std::string> leftovers_;
};

}  // namespace intr
