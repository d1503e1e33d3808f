// SPDX-License-Identifier: Apache-2.0
#include "intr/train/replica_guard.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "intr/comm/mpi_environment.h"

namespace intr {
namespace {

class ReplicaGuardTest : public testing::Test {
 protected:
  /// What the guard says on this rank; "" if it is content.
  std::string fault(std::uint64_t hash) {
    try {
      require_equal_replicas(hash, 500, nodes_, *communicator_);
    } catch (const ReplicaError& error) {
      EXPECT_EQ(error.code(), ExitCode::kPeerLost);
      return error.what();
    }
    return {};
  }
  bool last() const { return communicator_->rank() + 1 == communicator_->world_size(); }

  MpiEnvironment mpi_;
  std::unique_ptr<Communicator> communicator_ = make_communicator("auto", mpi_);
  const std::vector<std::string> nodes_ = {"c0", "c1", "c2", "c3"};
};

TEST_F(ReplicaGuardTest, EqualHashesPass) {
  for (const std::uint64_t hash : {0ULL, 1ULL, ~0ULL, 1ULL << 63}) EXPECT_EQ(fault(hash), "");
}

TEST_F(ReplicaGuardTest, RanksOutsideTheMajorityAreNamedOnAllRanks) {
  if (communicator_->world_size() == 1) return;
  for (const std::uint64_t other : {0ULL, ~0ULL, 1ULL << 63}) {
    const std::string text = fault(last() ? other : 5);
    if (communicator_->world_size() == 2) {
      EXPECT_NE(text.find("rank 0 (node c0), rank 1 (node c1), and no majority"), std::string::npos)
          << text;
      continue;
    }
    EXPECT_NE(text.find("after step 500"), std::string::npos) << text;
    EXPECT_NE(text.find("differ: rank 2 (node c2) against the others"), std::string::npos) << text;
  }
}

TEST_F(ReplicaGuardTest, OneBitChangesTheHash) {
  FlatState state({{.name = "weight", .shape = {1000}}}, at::kCPU);
  const std::uint64_t before = replica_hash(state);
  EXPECT_EQ(replica_hash(state), before);
  state.param()[999] = 1e-30F;
  EXPECT_NE(replica_hash(state), before);
}

}  // namespace
}  // namespace intr
