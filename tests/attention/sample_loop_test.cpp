// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/sample_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <mutex>
#include <set>

#include "attention/drawing_dump.h"
#include "intr/core/error.h"

namespace intr {
namespace {

class SampleLoop : public ::testing::Test {
 protected:
  SampleLoop()
      : dump_(many()), reader_(dump_.open()), photos_({.images = dump_.images()}, reader_.facts()) {
    for (std::int64_t row = 0; row < reader_.size(); ++row) rows_.push_back(row);
  }
  static test::SyntheticDump many() {
    test::SyntheticDump dump;
    dump.num_samples = 40;
    return dump;
  }
  std::vector<SampleFailure> run(const LoopControl& control,
                                 const std::function<void(SampleInputs&)>& work) const {
    return for_each_sample(reader_, photos_, rows_, control, work);
  }

  test::DrawingDump dump_;
  MapReader reader_;
  PhotoSource photos_;
  std::vector<std::int64_t> rows_;
};

TEST_F(SampleLoop, EverySampleOnceWhateverTheThreads) {
  for (const std::int64_t threads : {1, 3, 100}) {
    std::mutex mutex;
    std::set<std::int64_t> seen;
    std::int64_t counted = 0;
    const LoopControl control{.threads = threads, .advance = [&](std::int64_t n) { counted += n; }};
    const auto failures = run(control, [&](SampleInputs& inputs) {
      EXPECT_EQ(inputs.sample->sample_id, 10 + 3 * inputs.position);
      EXPECT_FALSE(inputs.maps.empty() || inputs.photo.empty());
      const std::lock_guard lock(mutex);
      EXPECT_TRUE(seen.insert(inputs.position).second);
    });
    EXPECT_TRUE(failures.empty());
    EXPECT_EQ(seen.size(), 40u);
    EXPECT_EQ(counted, 40);
  }
}

TEST_F(SampleLoop, ValueMapsComeIfAskedFor) {
  test::SyntheticDump with_values;
  with_values.all_fields = true;
  const test::DrawingDump dump(with_values);
  const MapReader reader = dump.open();
  const PhotoSource photos({.images = dump.images()}, reader.facts());
  const std::vector<std::int64_t> rows = {2};
  for (const bool wanted : {false, true}) {
    const auto failures = for_each_sample(
        reader, photos, rows, {},
        [&](SampleInputs& inputs) {
          EXPECT_EQ(inputs.maps, reader.maps(2));
          EXPECT_EQ(inputs.value_maps,
                    wanted ? reader.values(2, MapField::kValue) : std::vector<float>{});
        },
        MapField::kMap, wanted);
    EXPECT_TRUE(failures.empty());
  }
}

TEST_F(SampleLoop, BadSamplesAreNotedAndTheOthersGoOn) {
  std::filesystem::remove(dump_.images() + "/" + reader_.sample(5).path);
  std::atomic<int> drawn{0};
  std::int64_t counted = 0;
  const LoopControl control{.threads = 2, .advance = [&](std::int64_t n) { counted += n; }};
  const auto failures = run(control, [&](SampleInputs& inputs) {
    if (inputs.position == 7) throw DataError("broken on purpose");
    ++drawn;
  });
  ASSERT_EQ(failures.size(), 2u);
  EXPECT_EQ(failures[0].sample_id, 25);
  EXPECT_EQ(failures[1].sample_id, 31);
  EXPECT_NE(failures[1].message.find("on purpose"), std::string::npos);
  EXPECT_EQ(drawn, 38);
  EXPECT_EQ(counted, 40);
}

TEST_F(SampleLoop, OtherErrorsEndIt) {
  std::atomic<int> calls{0};
  EXPECT_THROW(run({.threads = 2},
                   [&](SampleInputs&) {
                     ++calls;
                     throw EnvironmentError("the disk is full");
                   }),
               EnvironmentError);
  EXPECT_LE(calls, 2);
}

TEST_F(SampleLoop, StopsOnRequest) {
  int calls = 0;
  const auto failures =
      run({.threads = 1, .stop = [&] { return calls == 3; }}, [&](SampleInputs&) { ++calls; });
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace intr
