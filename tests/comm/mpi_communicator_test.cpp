// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/mpi_communicator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "intr/comm/mpi_environment.h"
#include "intr/core/error.h"

namespace intr {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string peer_error(const std::function<void()>& call) {
  try {
    call();
  } catch (const PeerError& error) {
    return error.what();
  }
  return "no PeerError";
}

TEST(MpiCommunicator, TurnsAnErrorOfTheLibraryIntoPeerError) {
  MpiEnvironment environment;
  MpiCommunicator communicator(environment);
  std::vector<float> values(4);
  // A root that does not exist: the library's own check answers, on every rank alike.
  auto work = communicator.broadcast({values.data(), values.size(), ElementType::f32}, 99, nullptr,
                                     {"gradients", 12, 3});
  EXPECT_THAT(peer_error([&] { work->wait(); }),
              AllOf(HasSubstr("gradients, step 12, bucket 3: MPI_Bcast failed"),
                    HasSubstr("MPI_ERR_ROOT")));
  // A communicator that failed stays failed, with the first text and the new tag.
  EXPECT_THAT(peer_error([&] {
                communicator.barrier({"save", 12});
              }),
              AllOf(HasSubstr("save, step 12"), HasSubstr("MPI_Bcast failed")));
  std::vector<std::byte> bytes;
  EXPECT_THAT(peer_error([&] { communicator.broadcast_bytes(bytes, 0, {"load"}); }),
              HasSubstr("load: MPI_Bcast failed"));
}

TEST(MpiCommunicator, SeesACutMessage) {
  MpiEnvironment environment;
  MpiCommunicator communicator(environment);
  if (communicator.world_size() == 1) {
    std::vector<float> values(8, 3.0F);
    communicator.broadcast({values.data(), 8, ElementType::f32}, 0, nullptr, {"lengths"})->wait();
    EXPECT_EQ(values[7], 3.0F);
    return;
  }
  // Rank 0 sends eight values where the others expect one.
  std::vector<float> values(8);
  const std::size_t count = communicator.rank() == 0 ? 8 : 1;
  auto work =
      communicator.broadcast({values.data(), count, ElementType::f32}, 0, nullptr, {"lengths"});
  const std::string text = peer_error([&] { work->wait(); });
  if (communicator.rank() == 0) {
    EXPECT_EQ(text, "no PeerError");
  } else {
    EXPECT_THAT(text, AllOf(HasSubstr("lengths"), HasSubstr("MPI_ERR_TRUNCATE")));
  }
  if (communicator.rank() == 0) work.reset();
}

TEST(MpiCommunicator, CallsRunInOrderOnOneThread) {
  MpiEnvironment environment;
  std::vector<int> order;
  std::thread::id first;
  std::thread::id second;
  environment.post([&] {
    order.push_back(1);
    first = std::this_thread::get_id();
  });
  environment.run([&] {
    order.push_back(2);
    second = std::this_thread::get_id();
  });
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_EQ(first, second);
  EXPECT_NE(first, std::this_thread::get_id());
  EXPECT_THROW(environment.run([] { throw DataError("from the MPI thread"); }), DataError);
}

}  // namespace
}  // namespace intr
