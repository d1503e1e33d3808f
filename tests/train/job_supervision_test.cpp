// SPDX-License-Identifier: Apache-2.0
// What only a GPU job meets; all other faults are injected by apps/failures_test.
#include "intr/train/job_supervision.h"

#include <gtest/gtest.h>

#include "intr/comm/self_communicator.h"
#include "intr/core/error.h"
#include "intr/io/json_file.h"
#include "support/child.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class LonelyCommunicator final : public SelfCommunicator {
 public:
  void check_peers() override { throw PeerError("NCCL says that rank 1 is gone"); }
};

TEST(JobSupervision, APeerThatIsLostWhileTheHostIsBusyEndsTheJob) {
  const test::TempDir folder;
  TrainOptions options;
  options.out = folder.path();
  std::string record;
  const auto result = test::in_child([&] {
    LonelyCommunicator communicator;
    Attempt attempt(options.out);
    RunTrace trace("", "");
    const JobSupervision supervision(
        options, communicator, attempt, [] { return ""; }, trace);
    std::this_thread::sleep_for(std::chrono::seconds(60));  // long enough for any machine
    return "still there";
  });
  EXPECT_EQ(result.exit_code, 76) << result.text;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "attempts"))
    record = entry.path();
  const nlohmann::ordered_json fields = read_json(record);
  EXPECT_EQ(fields.at("code"), 76);
  EXPECT_EQ(fields.at("cause"), "peer-lost");
  EXPECT_EQ(fields.at("message"), "NCCL says that rank 1 is gone");
}

}  // namespace
}  // namespace intr
