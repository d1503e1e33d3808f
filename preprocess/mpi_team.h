// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "intr/comm/mpi_environment.h"
#include "preprocess/rank_team.h"

namespace intr {

/// The ranks of an MPI job. Byte strings of any length travel in pieces, as MPI counts with int.
class MpiTeam : public RankTeam {
 public:
  /// @param mpi outlives this
  explicit MpiTeam(MpiEnvironment& mpi, std::size_t piece_bytes = std::size_t{1} << 30);
  std::int64_t rank() const override { return mpi_->rank(); }
  std::int64_t size() const override { return mpi_->world_size(); }
  std::string broadcast(std::string bytes) override;
  std::vector<std::string> gather(std::string bytes) override;
  /// Lives in a window of rank 0 (MPI_Fetch_and_op). Where the network has no atomics of its own, a
  /// call waits until rank 0 makes one, too.
  std::unique_ptr<WorkCounter> open_counter() override;

 private:
  MpiEnvironment* mpi_;
  std::size_t piece_bytes_;
};

}  // namespace intr
