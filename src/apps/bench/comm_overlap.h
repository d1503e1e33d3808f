// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "intr/comm/communicator.h"

namespace intr {

/// Seconds on the slowest rank: matrix products alone, a step's gradient buckets alone, and both at
/// once.
struct OverlapRound {
  double compute = 0, communicate = 0, both = 0;
  /// 1: the shorter of the two costs nothing. 2 where both are equally long: they ran in turn.
  double ratio() const;
};

/// Adds up the buckets of a step while matrix products run. Collective, all of it.
class CommOverlap {
 public:
  /// Finds out how many products take as long as the buckets.
  /// @param buckets bytes of each @param communicator must outlive this
  CommOverlap(Communicator& communicator, const std::vector<std::int64_t>& buckets);
  OverlapRound next();

 private:
  void compute();
  std::vector<std::unique_ptr<Work>> send();
  double seconds(bool computes, bool communicates);

  Communicator& communicator_;
  std::vector<std::vector<float>> buckets_;
  at::Tensor left_, right_, product_;
  std::int64_t products_ = 1;
};

}  // namespace intr
