// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "intr/comm/mpi_environment.h"
#include "intr/core/log.h"
#include "intr/train/checkpoint_store.h"
#include "intr/train/device.h"
#include "intr/train/training_job.h"
#include "support/colored_squares.h"
#include "support/temp_dir.h"
#include "support/tiny_run.h"

namespace intr::test {

/// One folder for all ranks with the colored squares; jobs run in the test's own process.
class TrainingJobTest : public testing::Test {
 protected:
  TrainingJobTest() {
    log::set_quiet(true);
    if (communicator_->rank() == 0) {
      folder_.emplace();
      make_colored_squares(folder_->path());
    }
    root_ = communicator_->broadcast_text(folder_ ? folder_->path() : "", 0, tag_);
  }
  ~TrainingJobTest() override { communicator_->barrier(tag_); }

  TrainOptions options(const std::string& run) const {
    return tiny_options(root_ + "/set", root_ + "/" + run);
  }
  /// Runs a job. @param stop_at asks for a stop on the last rank when so many steps have begun
  /// @param given the one option that the user gave, as far as the job knows
  ExitCode run(TrainOptions options, std::int64_t stop_at = -1, const std::string& given = {}) {
    OptionSet set("test", "test");
    describe(options, set);
    validate(options);
    std::int64_t asked = 0;
    const bool asks = communicator_->rank() + 1 == communicator_->world_size();
    Attempt attempt(options.out);
    return run_training_job(
        options,
        {.values = set.values(), .given = [&](const std::string& flag) { return flag == given; }},
        {.threads = 1}, *communicator_, attempt,
        {.requested = [&] { return asks && ++asked == stop_at; }});
  }
  std::string path(const std::string& name) const { return root_ + "/" + name; }
  Checkpoint newest(const std::string& run) const {
    return CheckpointStore(path(run) + "/checkpoints", 3).load_newest()->checkpoint;
  }
  bool writes() const { return communicator_->rank() == 0; }

  const Tag tag_{.section = "test"};
  MpiEnvironment mpi_;
  std::unique_ptr<Communicator> communicator_ =
      make_communicator(back_end_for("auto", at::kCPU, mpi_.world_size()), mpi_);
  std::optional<TempDir> folder_;
  std::string root_;
};

}  // namespace intr::test
