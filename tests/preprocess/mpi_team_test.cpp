// SPDX-License-Identifier: Apache-2.0
#include "preprocess/mpi_team.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "preprocess/byte_stream.h"
#include "preprocess/image_folder.h"
#include "preprocess/packer.h"
#include "support/temp_dir.h"
#include "tiny_source.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> contents(const std::string& folder) {
  std::map<std::string, std::string> result;
  for (const auto& entry : fs::directory_iterator(folder))
    result[entry.path().filename().string()] = read_file(entry.path().string());
  return result;
}

PackPlan plan_for(PictureSource& source) {
  return make_plan(source.scan(), 1000, "{\"store\":\"original\"}");
}

PackOutcome pack(RankTeam& team, const std::string& root, const std::string& set,
                 PackerOptions options = {}) {
  ImageFolder source(root, {}, HiddenPolicy::kRefuse);
  PackPlan plan;
  if (team.rank() == 0) plan = plan_for(source);
  plan = plan_from_bytes(team.broadcast(team.rank() == 0 ? plan_to_bytes(plan) : ""));
  source.adopt(plan.listing);
  options.team = &team;
  return Packer(source, root, plan, set, options).run();
}

TEST(MpiTeam, LongBytesTravelInPieces) {
  MpiEnvironment mpi;
  MpiTeam team(mpi, 7);
  const std::string text = "twenty-three characters";
  EXPECT_EQ(team.broadcast(team.rank() == 0 ? text : ""), text);
  EXPECT_EQ(team.broadcast(""), "");
  const std::string mine(static_cast<std::size_t>(team.rank()) * 10, 'x');
  const std::vector<std::string> all = team.gather(mine);
  if (team.rank() != 0) {
    EXPECT_TRUE(all.empty());
    return;
  }
  ASSERT_EQ(std::ssize(all), team.size());
  for (std::size_t rank = 0; rank < all.size(); ++rank) EXPECT_EQ(all[rank].size(), 10 * rank);
}

TEST(MpiTeam, EachNumberGoesToOneRank) {
  MpiEnvironment mpi;
  MpiTeam team(mpi);
  const auto counter = team.open_counter();
  ByteWriter mine;
  for (std::int64_t n = counter->take(); n < 100; n = counter->take()) mine.number(n);
  std::set<std::int64_t> seen;
  std::size_t bytes = 0;
  for (const std::string& of_rank : team.gather(mine.take())) {
    bytes += of_rank.size();
    for (ByteReader in(of_rank); !in.at_end();) seen.insert(in.number<std::int64_t>());
  }
  if (team.rank() != 0) return;
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(bytes, 100 * sizeof(std::int64_t));
}

TEST(MpiTeam, RanksCountWhileRank0ComputesAlone) {
  MpiEnvironment mpi;
  MpiTeam team(mpi);
  const auto unused = team.open_counter();
  // The others may count before rank 0 comes so far.
  if (team.rank() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const auto sum = team.open_counter();
  const auto ended = team.open_counter();
  if (team.rank() != 0) {
    for (int i = 1; i <= 20; ++i) sum->add(i);
    ended->add(1);
  }
  // Rank 0 makes no call of MPI here: the others get on all the same.
  while (ended->add(0) < team.size() - 1) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(sum->add(0), 210 * (team.size() - 1));
  EXPECT_EQ(unused->add(0), 0);
}

TEST(MpiTeam, ARankThatFailsDoesNotWaitWithItsCounters) {
  MpiEnvironment mpi;
  MpiTeam team(mpi);
  const auto fail = [&] {
    const auto counter = team.open_counter();
    throw DataError("as if");
  };
  EXPECT_THROW(fail(), DataError);
  const auto counter = team.open_counter();
  EXPECT_LT(counter->take(), team.size());
}

TEST(MpiTeam, PacksTheSameBytesWhateverTheRanksAndGoesOnAfterAStop) {
  ::setenv("SOURCE_DATE_EPOCH", "0", 1);
  MpiEnvironment mpi;
  MpiTeam team(mpi);
  const test::TempDir mine;
  const std::string folder = team.broadcast(mine / "shared");
  const std::string root = folder + "/source";
  std::map<std::string, std::string> expected;
  if (team.rank() == 0) {
    test::make_tiny_source(root);
    SoloTeam alone;
    pack(alone, root, folder + "/alone");
    expected = contents(folder + "/alone");
    int asked = 0;  // a stop on the way: the team goes on with what it finds
    PackerOptions stopping;
    stopping.stop_requested = [&] { return asked++ > 9; };
    stopping.finish_within_s = -1;
    EXPECT_EQ(pack(alone, root, folder + "/stopped", stopping), PackOutcome::kStopped);
  }
  team.broadcast("ready");
  for (const std::int64_t threads : {1, 7}) {
    PackerOptions options;
    options.check.threads = threads;
    const std::string set = folder + "/set" + std::to_string(threads);
    EXPECT_EQ(pack(team, root, set, options), PackOutcome::kDone);
    if (team.rank() == 0) {
      EXPECT_TRUE(contents(set) == expected);
    }
  }
  EXPECT_EQ(pack(team, root, folder + "/stopped"), PackOutcome::kDone);
  if (team.rank() == 0) {
    EXPECT_TRUE(contents(folder + "/stopped") == expected);
  }
  EXPECT_EQ(pack(team, root, folder + "/stopped"), PackOutcome::kNothingToDo);
  PackerOptions stop;
  stop.stop_requested = [&] { return team.rank() == team.size() - 1; };
  stop.finish_within_s = -1;
  const PackOutcome outcome = pack(team, root, folder + "/signal", stop);
  if (team.size() == 1) {
    EXPECT_EQ(outcome, PackOutcome::kStopped);
  }
  const auto same =
      team.broadcast(team.rank() == 0 ? std::to_string(static_cast<int>(outcome)) : "");
  EXPECT_EQ(same, std::to_string(static_cast<int>(outcome))) << "ranks disagree";
  team.broadcast("end");  // rank 0 removes the folder after this
}

}  // namespace
}  // namespace intr
