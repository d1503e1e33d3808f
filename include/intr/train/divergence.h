// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/comm/flat_state.h"

namespace intr {

/// Name of the first tensor, in the order of files, whose gradient is not finite; "" if all are.
std::string first_non_finite(const FlatState& state);

/// The samples of a rank's step that may have made something not finite: those of forward passes
/// with a loss that was not; where no loss was, all of the step.
class SuspectSamples {
 public:
  void clear();
  void add(const std::vector<std::int64_t>& sample_ids, bool finite);
  bool certain() const noexcept { return !bad_.empty(); }
  const std::vector<std::int64_t>& ids() const noexcept { return certain() ? bad_ : all_; }

 private:
  std::vector<std::int64_t> bad_, all_;
};

}  // namespace intr
