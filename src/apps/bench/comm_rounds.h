// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "intr/comm/bare_allreduce.h"
#include "intr/comm/communicator.h"
#include "intr/train/comm_profile.h"

namespace intr {

/// Times of one sweep over sizes: seconds of one sum over ranks, on the slowest rank.
struct CommRound {
  double seconds = 0;  ///< of the whole sweep
  std::vector<double> ours, bare;
};

/// Sweeps over message sizes with our communicator and the bare MPI call in turns. Collective, all
/// of it.
class CommRounds {
 public:
  /// Sizes are 1 KiB to `largest` bytes in steps of 4.
  /// @param environment, communicator must outlive this
  CommRounds(MpiEnvironment& environment, Communicator& communicator, std::int64_t largest);

  const std::vector<std::int64_t>& sizes() const noexcept { return sizes_; }
  /// Bytes that both sides add up in one sweep.
  std::int64_t work() const noexcept;
  /// Both sides must give exactly the sum that is known beforehand, for every size.
  /// @throws InternalError on every rank
  void require_right_sums();
  CommRound next();

 private:
  double ours_seconds(std::int64_t bytes);
  double bare_seconds(std::int64_t bytes);

  Communicator& communicator_;
  BareAllreduce bare_;
  std::vector<std::int64_t> sizes_;
  std::vector<float> values_;  ///< of the largest size; zero between calls, so sums stay finite
  std::int64_t rounds_ = 0;
};

/// Figures of one size over rounds.
struct CommSize {
  std::int64_t bytes = 0;
  nlohmann::ordered_json ours_us, bare_us, share_of_bare, extra_us;  ///< see spread()
};
std::vector<CommSize> comm_sizes(const std::vector<std::int64_t>& sizes,
                                 const std::vector<CommRound>& rounds);

/// The link that our times tell of.
LinkFit fit_of(const std::vector<CommSize>& sizes, int ranks);

/// One size as JSON: latency_us, algbw_gb_s (bytes a second), busbw_gb_s (algbw · 2(R-1)/R), the
/// bare call's, share_of_bare (of its bandwidth) and extra_us.
nlohmann::ordered_json to_json(const CommSize& size, int ranks);

}  // namespace intr
