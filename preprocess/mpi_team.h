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
  MpiTeam(const MpiTeam&) = delete;
  MpiTeam& operator=(const MpiTeam&) = delete;
  ~MpiTeam() override;
  std::int64_t rank() const override { return mpi_->rank(); }
  std::int64_t size() const override { return mpi_->world_size(); }
  std::string broadcast(std::string bytes) override;
  std::vector<std::string> gather(std::string bytes) override;
  /// Rank 0 keeps it and answers the others within milliseconds, whatever it is doing itself.
  std::unique_ptr<WorkCounter> open_counter() override;

 private:
  class Counters;
  class Counter;

  MpiEnvironment* mpi_;
  std::size_t piece_bytes_;
  std::unique_ptr<Counters> counters_;
};

}  // namespace intr
