// SPDX-License-Identifier: Apache-2.0
// What a loader keeps in memory. Sanitizers keep freed memory, so builds with them lack this test.
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <optional>

#include "intr/data/loader.h"
#include "intr/data/loader_memory.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

std::int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * 4096;
}

class LoaderResidentMemory : public testing::Test {
 protected:
  void make(const test::TinySet& what) {
    test::make_tiny_set(folder / "set", what);
    index = DataIndex::open(folder / "set", "train");
    reader.emplace(index);
  }
  test::TempDir folder;
  DataIndex index;
  std::optional<ShardReader> reader;
};

void run_until(TrainLoader& loader, std::int64_t epoch) {
  while (loader.next().epoch < epoch) {
  }
}

TEST_F(LoaderResidentMemory, StaysFlatOverManyEpochs) {
  make({.samples = {{"train", 23}}, .num_shards = 3});
  LoaderOptions o;
  o.transform = Transform::parse("train:32");
  o.batch_size = 5;
  o.micro_batch = 2;
  o.bucket_window = 2;
  o.threads = 2;
  TrainLoader loader(index, *reader, o);
  run_until(loader, 20);
  const std::int64_t before = resident_bytes();
  run_until(loader, 220);
  EXPECT_LT(resident_bytes() - before, 1 << 20);
}

TEST_F(LoaderResidentMemory, IsSlotsAnd64MiBAnd45BytesASample) {
  make({.samples = {{"train", 24}}, .size = [](std::int64_t) { return ImageSize{1400, 1050}; }});
  LoaderOptions o;
  o.transform = Transform::parse("train:800");
  o.batch_size = 8;
  o.micro_batch = 8;
  o.threads = 2;
  const std::int64_t before = resident_bytes();
  TrainLoader loader(index, *reader, o);
  const auto slot = static_cast<std::int64_t>(loader_needs(index, o.transform, 8).slot);
  ASSERT_GT(slot, 16 << 20) << "the slots must be what counts";
  std::int64_t most = 0;
  for (int step = 0; step < 12; ++step) {
    const MicroBatch batch = loader.next();
    most = std::max(most, resident_bytes() - before);
  }
  EXPECT_LE(most, o.slots * slot + (64 << 20) + 45 * index.size());
}

}  // namespace
}  // namespace intr
