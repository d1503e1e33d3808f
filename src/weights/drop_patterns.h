// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace intr {

/// Which names a user wants left out: patterns as the shell knows them (*, ?, [a-z]), where * also
/// matches dots and slashes. A pattern that matches "optimizer" takes all that lies beneath it.
class DropPatterns {
 public:
  explicit DropPatterns(const std::vector<std::string>& patterns);

  bool drops(const std::string& name);
  /// @throws UsageError naming a pattern that no name matched
  void require_all_used() const;

 private:
  struct Pattern {
    std::string text;
    bool used = false;
  };
  bool matches(const std::string& name);
  std::vector<Pattern> patterns_;
};

}  // namespace intr
