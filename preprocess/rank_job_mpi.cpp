// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <optional>

#include "preprocess/mpi_team.h"
#include "preprocess/rank_job.h"

namespace intr {
namespace {

/// Starts MPI when it is first asked for something.
class LazyTeam : public RankTeam {
 public:
  std::int64_t rank() const override { return started().team.rank(); }
  std::int64_t size() const override { return started().team.size(); }
  std::string broadcast(std::string bytes) override {
    return started().team.broadcast(std::move(bytes));
  }
  std::vector<std::string> gather(std::string bytes) override {
    return started().team.gather(std::move(bytes));
  }
  std::unique_ptr<WorkCounter> open_counter() override { return started().team.open_counter(); }

 private:
  struct Job {
    MpiEnvironment mpi;
    MpiTeam team{mpi};
  };
  Job& started() const {
    if (!job_) job_.emplace();
    return *job_;
  }
  mutable std::optional<Job> job_;
};

}  // namespace

std::unique_ptr<RankTeam> make_rank_team() { return std::make_unique<LazyTeam>(); }

void end_ranks(int status) noexcept {
  std::fflush(stdout);
  MpiEnvironment::abort(status);
}

}  // namespace intr
