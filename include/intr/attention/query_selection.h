// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace intr {

/// All classes, best first. Equal logits rank by lower number.
std::vector<std::int32_t> rank_classes(std::span<const float> logits);

/// Which queries of a sample are stored.
///
/// Slots are filled in this order: the true class, the named classes, all others by number (`all`)
/// or by rank (`top:K`). No class stands twice; where one falls away (no label, or a named class is
/// the true one) the next best class takes its place. So every sample has the same number of slots.
class QuerySelection {
 public:
  /// @param text terms joined by commas: true, top:K, class:NAME or class:ID, all
  /// @throws UsageError
  static QuerySelection parse(const std::string& text, const std::vector<std::string>& classes);

  /// The named classes, then the best others: whatever the best class is, it has a slot.
  static QuerySelection named_and_best(std::vector<std::int32_t> named, std::int64_t num_classes,
                                       std::int64_t num_best = 1);

  /// The terms in one spelling for one meaning, such as "true,class:7,top:5".
  std::string text() const;
  std::int64_t num_slots() const noexcept;
  /// @param ranked all classes, best first   @param label -1 = unknown
  /// @return class of each slot
  std::vector<std::int32_t> select(std::span<const std::int32_t> ranked, std::int32_t label) const;

 private:
  std::int64_t num_classes_ = 0;
  bool wants_true_ = false;
  bool wants_all_ = false;
  std::vector<std::int32_t> named_;
  std::int64_t top_ = 0;
};

}  // namespace intr
