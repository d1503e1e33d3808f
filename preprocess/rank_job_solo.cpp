// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "intr/core/error.h"
#include "preprocess/rank_job.h"

namespace intr {
namespace {

/// One process, unless a launcher started more: each of them would do all of the work.
class OnlyProcess : public SoloTeam {
 public:
  std::int64_t rank() const override {
    if (const std::int64_t ranks = launched_ranks(); ranks > 1) {
      throw EnvironmentError(
          fmt::format("{} ranks were started, but this build knows no MPI", ranks), "intr-pack",
          "start one process, or build with -DINTR_BUILD_TRAIN=ON");
    }
    return 0;
  }
};

}  // namespace

std::unique_ptr<RankTeam> make_rank_team() { return std::make_unique<OnlyProcess>(); }

void end_ranks(int) noexcept {}

}  // namespace intr
