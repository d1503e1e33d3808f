// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <utility>

namespace intr {

/// The few values that were asked for last, by their keys. For one thread.
template <class Key, class Value>
class Recent {
 public:
  /// @param make gives the value of a key that is not here
  /// @return valid until the next call
  template <class Make>
  const Value& get(const Key& key, const Make& make) {
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
      if (entry->first != key) continue;
      entries_.splice(entries_.begin(), entries_, entry);
      return *entry->second;
    }
    entries_.emplace_front(key, make());
    if (entries_.size() > kEntries) entries_.pop_back();
    return *entries_.front().second;
  }

 private:
  static constexpr std::size_t kEntries = 16;
  std::list<std::pair<Key, std::unique_ptr<const Value>>> entries_;
};

}  // namespace intr
