// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/mpi_communicator.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "intr/comm/mpi_environment.h"
#include "intr/core/error.h"
#include "intr/core/trace.h"

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

TEST(MpiCommunicator, EveryCallIsInTheTrace) {
  MpiEnvironment environment;
  MpiCommunicator communicator(environment);
  std::vector<float> values(4);
  std::array<std::int64_t, 2> counts = {};
  std::vector<std::byte> bytes(5);
  trace::start(16);
  trace::record(true);
  const auto sum = [&](std::int32_t bucket) {
    return communicator.allreduce({values.data(), values.size(), ElementType::f32}, Op::sum,
                                  nullptr, {"gradients", 12, bucket});
  };
  const auto first = sum(0), second = sum(1);
  first->wait();
  second->wait();
  communicator.broadcast({values.data(), 3, ElementType::f32}, 0, nullptr, {"start"})->wait();
  communicator.allreduce_now(std::span<std::int64_t>(counts), Op::sum, {"counts"});
  communicator.broadcast_bytes(bytes, 0, {"text"});
  communicator.gather(bytes, 0, {"speed", 12});
  communicator.barrier({"leave"});
  const trace::Recording recording = trace::take();
  std::vector<std::string> calls;
  for (const trace::Event& event : recording.events) {
    std::string call = event.name;
    for (const trace::Arg& arg : event.args)
      if (arg.name != nullptr) call += fmt::format(" {}={}", arg.name, arg.value);
    calls.push_back(call);
    EXPECT_EQ(recording.threads[event.thread], "mpi");
  }
  EXPECT_THAT(calls, testing::ElementsAre(
                         "queued step=12 bucket=0 bytes=16", "gradients step=12 bucket=0 bytes=16",
                         "queued step=12 bucket=1 bytes=16", "gradients step=12 bucket=1 bytes=16",
                         "start bytes=12", "counts bytes=16", "text bytes=5",
                         "speed step=12 bytes=5", "leave bytes=0"));
}

}  // namespace
}  // namespace intr
