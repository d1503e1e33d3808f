// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/communicator.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>

#include "intr/comm/mpi_environment.h"
#include "intr/core/error.h"

namespace intr {
namespace {

using testing::HasSubstr;

/// One environment for the whole program, as in our programs.
MpiEnvironment& environment() {
  static MpiEnvironment instance;
  return instance;
}

/// The back ends that serve this number of ranks.
std::vector<std::string> back_ends() {
  std::vector<std::string> names = {"auto", "mpi", "fixed"};
  if (environment().world_size() == 1) names.push_back("self");
  return names;
}

/// What `op` makes of the values of all ranks, where rank r holds value(r, i).
template <class T>
T expected(Op op, int ranks, std::size_t i);

template <class T>
T value(int rank, std::size_t i) {
  // Small whole numbers: exact in every type, and u8 sums of four ranks do not wrap.
  return static_cast<T>((i * 7 + static_cast<std::size_t>(rank) * 13) % 61);
}

template <class T>
T expected(Op op, int ranks, std::size_t i) {
  T result = value<T>(0, i);
  for (int rank = 1; rank < ranks; ++rank) {
    const T next = value<T>(rank, i);
    if (op == Op::sum) result = static_cast<T>(result + next);
    if (op == Op::min) result = std::min(result, next);
    if (op == Op::max) result = std::max(result, next);
  }
  return result;
}

template <class T>
void check_allreduce(Communicator& communicator, ElementType dtype) {
  const std::size_t sizes[] = {0, 1, 7, (1 << 20) + 1};
  for (const std::size_t size : sizes) {
    for (const Op op : {Op::sum, Op::min, Op::max}) {
      std::vector<T> values(size);
      for (std::size_t i = 0; i < size; ++i) values[i] = value<T>(communicator.rank(), i);
      communicator.allreduce({values.data(), size, dtype}, op, nullptr, {"test"})->wait();
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < size; ++i)
        wrong += values[i] != expected<T>(op, communicator.world_size(), i);
      EXPECT_EQ(wrong, 0U) << communicator.info().back_end << ", " << size << " values of type "
                           << static_cast<int>(dtype) << ", operation " << static_cast<int>(op);
    }
  }
}

TEST(Communicator, ReducesEveryTypeAndSize) {
  for (const std::string& name : back_ends()) {
    const auto communicator = make_communicator(name, environment());
    check_allreduce<float>(*communicator, ElementType::f32);
    check_allreduce<double>(*communicator, ElementType::f64);
    check_allreduce<std::int64_t>(*communicator, ElementType::i64);
    check_allreduce<std::uint8_t>(*communicator, ElementType::u8);
  }
}

/// Values of very different sizes, so that every order of adding gives other bits.
float scattered(int rank, std::size_t i) {
  const auto place = static_cast<double>(i * 31 + static_cast<std::size_t>(rank) * 17);
  return static_cast<float>(std::sin(place) * std::pow(10.0, static_cast<double>(i % 9)));
}

/// By the tree over ranks [first, first + width), in float32.
float tree_sum(int first, int width, int ranks, std::size_t i) {
  if (width == 1) return scattered(first, i);
  const int half = width / 2;
  const float lower = tree_sum(first, half, ranks, i);
  return first + half < ranks ? lower + tree_sum(first + half, half, ranks, i) : lower;
}

TEST(Communicator, FixedAddsInOneOrder) {
  const auto communicator = make_communicator("fixed", environment());
  const int ranks = communicator->world_size();
  const std::size_t size = 3'000'000;  // more than one piece
  std::vector<float> expected(size), values(size);
  for (std::size_t i = 0; i < size; ++i) expected[i] = tree_sum(0, 8, ranks, i);
  for (int run = 0; run < 3; ++run) {
    for (std::size_t i = 0; i < size; ++i) values[i] = scattered(communicator->rank(), i);
    communicator->allreduce({values.data(), size, ElementType::f32}, Op::sum, nullptr, {"test"})
        ->wait();
    EXPECT_TRUE(values == expected) << run;
  }
}

TEST(Communicator, BroadcastsFromEveryRoot) {
  for (const std::string& name : back_ends()) {
    const auto communicator = make_communicator(name, environment());
    for (int root = 0; root < communicator->world_size(); ++root) {
      std::vector<float> values(100, static_cast<float>(communicator->rank()));
      const Buffer buffer{values.data(), values.size(), ElementType::f32};
      communicator->broadcast(buffer, root, nullptr, {"test"})->wait();
      EXPECT_EQ(values, std::vector<float>(100, static_cast<float>(root)));
    }
  }
}

TEST(Communicator, KeepsTheOrderOfSeveralCollectives) {
  const auto communicator = make_communicator("auto", environment());
  const auto ranks = static_cast<float>(communicator->world_size());
  std::vector<float> first(1000, 1.0F);
  std::vector<float> second(10, 2.0F);
  auto one =
      communicator->allreduce({first.data(), 1000, ElementType::f32}, Op::sum, nullptr, {"one"});
  auto two =
      communicator->allreduce({second.data(), 10, ElementType::f32}, Op::sum, nullptr, {"two"});
  two->make_wait(nullptr);
  one->wait();
  one->wait();  // a second wait is harmless
  EXPECT_EQ(first[999], ranks);
  EXPECT_EQ(second[9], 2 * ranks);
}

TEST(Communicator, ReducesNumbersOfTheControlPlane) {
  for (const std::string& name : back_ends()) {
    const auto communicator = make_communicator(name, environment());
    const std::int64_t ranks = communicator->world_size();
    std::vector<std::int64_t> counts = {1, communicator->rank(), std::int64_t{1} << 60};
    communicator->allreduce_now(std::span(counts), Op::max, {"test"});
    EXPECT_EQ(counts, (std::vector<std::int64_t>{1, ranks - 1, std::int64_t{1} << 60}));
    std::vector<double> losses = {0.5, static_cast<double>(communicator->rank())};
    communicator->allreduce_now(std::span(losses), Op::sum, {"test"});
    EXPECT_EQ(losses[0], 0.5 * static_cast<double>(ranks));
    EXPECT_EQ(losses[1], static_cast<double>(ranks * (ranks - 1) / 2));
    communicator->barrier({"test"});
  }
}

TEST(Communicator, BroadcastsBytesOfAnySize) {
  for (const std::string& name : back_ends()) {
    const auto communicator = make_communicator(name, environment());
    const int root = communicator->world_size() - 1;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{9} << 20}) {
      std::vector<std::byte> bytes(3, std::byte{1});
      if (communicator->rank() == root) bytes.assign(size, std::byte{7});
      communicator->broadcast_bytes(bytes, root, {"test"});
      EXPECT_EQ(bytes, std::vector<std::byte>(size, std::byte{7}));
    }
    const std::string mine = communicator->rank() == 0 ? "from rank 0: é" : "mine";
    EXPECT_EQ(communicator->broadcast_text(mine, 0, {"test"}), "from rank 0: é");
    EXPECT_EQ(communicator->broadcast_text("", 0, {"test"}), "");
  }
}

TEST(Communicator, GathersBytesInRankOrder) {
  for (const std::string& name : back_ends()) {
    const auto communicator = make_communicator(name, environment());
    const int root = communicator->world_size() / 2;
    // Rank r sends r pieces of 3 MiB and 5 bytes: empty, small and cut messages.
    const auto bytes_of = [](int rank) {
      const std::size_t size = static_cast<std::size_t>(rank) * ((3 << 20) + 5);
      return std::vector<std::byte>(size, static_cast<std::byte>(rank));
    };
    const auto all = communicator->gather(bytes_of(communicator->rank()), root, {"test"});
    if (communicator->rank() != root) {
      EXPECT_TRUE(all.empty());
      continue;
    }
    ASSERT_EQ(all.size(), static_cast<std::size_t>(communicator->world_size()));
    for (int rank = 0; rank < communicator->world_size(); ++rank)
      EXPECT_EQ(all[static_cast<std::size_t>(rank)], bytes_of(rank)) << "rank " << rank;
  }
}

TEST(Communicator, AgreesOrNamesTheRanksThatDiffer) {
  for (const std::string& name : back_ends()) {
    const auto communicator = make_communicator(name, environment());
    for (const std::uint64_t hash : {std::uint64_t{0}, std::uint64_t{5}, ~std::uint64_t{0}})
      EXPECT_NO_THROW(communicator->agree("configuration", hash, {"test"}));
    if (communicator->world_size() == 1) continue;
    const int odd = communicator->world_size() - 1;
    const std::uint64_t hash = communicator->rank() == odd ? 0xB : 0xA;
    try {
      communicator->agree("configuration", hash, {"test"});
      FAIL() << "different hashes were accepted";
    } catch (const EnvironmentError& error) {
      EXPECT_THAT(error.what(), HasSubstr("configuration differs between ranks"));
      if (communicator->world_size() == 2) {  // nobody can say which of two is right
        EXPECT_THAT(error.what(),
                    HasSubstr("rank 0 (000000000000000a), rank 1 (000000000000000b)"));
      } else {
        EXPECT_THAT(error.what(),
                    HasSubstr(fmt::format(
                        "rank {} (000000000000000b) against the others (000000000000000a)", odd)));
      }
    }
    communicator->barrier({"test"});  // still usable
  }
}

TEST(Communicator, ShowsTextsThatDiffer) {
  const auto communicator = make_communicator("auto", environment());
  EXPECT_NO_THROW(communicator->agree("the color", "red", "paint", {"test"}));
  if (communicator->world_size() == 1) return;
  try {
    communicator->agree("the color", communicator->rank() == 1 ? "blue" : "red", "paint", {"test"});
    FAIL() << "different texts were accepted";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the color differs between ranks: "));
    EXPECT_THAT(error.what(), HasSubstr("rank 1 (blue)"));
    EXPECT_THAT(error.what(), HasSubstr("(red)"));
    EXPECT_THAT(error.what(), HasSubstr("Next: paint"));
  }
}

TEST(Communicator, ChoosesTheBackEnd) {
  MpiEnvironment& mpi = environment();
  EXPECT_EQ(make_communicator("mpi", mpi)->info().back_end, "mpi");
  if (mpi.world_size() == 1) {
    EXPECT_EQ(make_communicator("auto", mpi)->info().back_end, "self");
  } else {
    EXPECT_THROW(make_communicator("self", mpi), EnvironmentError);
  }
  EXPECT_THROW(make_communicator("gloo", mpi), UsageError);
}

TEST(Communicator, AutoAsksWhetherRanksShareAGpu) {
  EXPECT_EQ(back_end_for_gpus({"", ""}), "mpi");
  EXPECT_EQ(back_end_for_gpus({"a 1", "a 2", "b 1"}), "nccl");
  EXPECT_EQ(back_end_for_gpus({"a 1", "b 1", "a 1"}), "host");
  EXPECT_EQ(back_end_for_gpus({"a 1", "", ""}), "nccl") << "which says what those ranks lack";
}

TEST(Communicator, KnowsItsPlace) {
  const auto communicator = make_communicator("mpi", environment());
  const WorldInfo& info = communicator->info();
  EXPECT_GE(info.rank, 0);
  EXPECT_LT(info.rank, info.world_size);
  EXPECT_LT(info.local_rank, info.local_size);
  EXPECT_FALSE(info.node.empty());
  std::vector<std::int64_t> ranks(static_cast<std::size_t>(info.world_size), 0);
  ranks[static_cast<std::size_t>(info.rank)] = 1;
  communicator->allreduce_now(std::span(ranks), Op::sum, {"test"});
  EXPECT_EQ(ranks, std::vector<std::int64_t>(ranks.size(), 1));
}

}  // namespace
}  // namespace intr
