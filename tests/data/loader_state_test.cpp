// SPDX-License-Identifier: Apache-2.0
#include "intr/data/loader_state.h"

#include <gtest/gtest.h>

#include <tuple>
#include <utility>
#include <vector>

#include "intr/core/error.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

LoaderState state() {
  return {.order = "feistel8-v1",
          .seed = 42,
          .epoch = 3,
          .next_step = 7,
          .batch_size = 48,
          .num_samples = 5994,
          .dataset_id = "0123456789abcdef0123456789abcdef",
          .split = "train",
          .last_batch = "keep",
          .bucket_window = 50,
          .transform = "train",
          .augmentation_version = "intr-aug-1"};
}

LoaderState start_of(LoaderState here) {
  here.epoch = here.next_step = 0;
  return here;
}

/// The same state with other members.
template <class Change>
LoaderState changed(Change change) {
  LoaderState now = state();
  change(now);
  return now;
}

/// Epoch and step where a run goes on that stopped there.
std::pair<std::int64_t, std::int64_t> place(const LoaderState& saved, const LoaderState& now) {
  const LoaderState resumed = resume_state(saved, start_of(now));
  LoaderState rest = now;
  rest.epoch = resumed.epoch;
  rest.next_step = resumed.next_step;
  EXPECT_EQ(resumed, rest) << "what the options say stands";
  return {resumed.epoch, resumed.next_step};
}
using Place = std::pair<std::int64_t, std::int64_t>;

TEST(LoaderState, GoesThroughJson) {
  EXPECT_EQ(loader_state_from_json(to_json(state()), "x"), state());
  EXPECT_LT(to_json(state()).dump().size(), 300u);
  const nlohmann::ordered_json whole = to_json(state());
  for (const auto& [name, value] : whole.items()) {
    nlohmann::ordered_json damaged = whole;
    damaged.erase(name);
    EXPECT_THROW(loader_state_from_json(damaged, "x"), DataError) << name;
    damaged = whole;
    damaged[name] = nullptr;
    EXPECT_THROW(loader_state_from_json(damaged, "x"), DataError) << name;
  }
  auto impossible = to_json(state());
  impossible["batch_size"] = 0;
  EXPECT_THROW(loader_state_from_json(impossible, "x"), DataError);
  impossible = to_json(state());
  impossible["bucket_window"] = 0;
  EXPECT_THROW(loader_state_from_json(impossible, "x"), DataError);
  EXPECT_THROW(loader_state_from_json(nullptr, "x"), DataError);
}

TEST(LoaderState, IsMadeFromDataAndOptions) {
  const test::TempDir folder;
  test::make_tiny_set(folder / "set");
  const DataIndex index = DataIndex::open(folder / "set", "train");
  LoaderOptions options;
  options.order = OrderKind::parse("window:2");
  options.transform = Transform::parse("train:64");
  options.drop_last = true;
  const LoaderState made = first_state(index, options);
  EXPECT_EQ(to_json(made).dump(),
            R"({"order":"feistel8-v1 window:2","seed":42,"epoch":0,"next_step":0,"batch_size":48,)"
            R"("num_samples":12,"dataset_id":"00000000000000000000000000000001","split":"train",)"
            R"("last_batch":"drop","bucket_window":50,"transform":"train:64",)"
            R"("augmentation_version":"intr-aug-1"})");
}

TEST(ChangesBetween, NamesWhatDiffersBesideThePlace) {
  EXPECT_TRUE(changes_between(state(), start_of(state())).empty());
  const std::vector<std::tuple<LoaderState, const char*, const char*>> cases = {
      {changed([](auto& s) { s.order = "sequential"; }), "order", "order"},
      {changed([](auto& s) { s.seed = 1; }), "seed", "seed"},
      {changed([](auto& s) { s.batch_size = 9; }), "batch_size", "batch-size"},
      {changed([](auto& s) { s.num_samples = 9; }), "num_samples", "data"},
      {changed([](auto& s) { s.dataset_id = "f"; }), "dataset_id", "data"},
      {changed([](auto& s) { s.split = "all"; }), "split", "data"},
      {changed([](auto& s) { s.last_batch = "drop"; }), "last_batch", "last-batch"},
      {changed([](auto& s) { s.bucket_window = 1; }), "bucket_window", "bucket-window"},
      {changed([](auto& s) { s.transform = "flip"; }), "transform", "augmentation"},
      {changed([](auto& s) { s.augmentation_version = "2"; }), "augmentation_version",
       "augmentation"}};
  for (const auto& [now, field, name] : cases) {
    const std::vector<FieldChange> changes = changes_between(state(), now);
    ASSERT_EQ(changes.size(), 1u) << field;
    EXPECT_EQ(changes[0].field, field);
    EXPECT_EQ(changes[0].name, name);
    EXPECT_EQ(changes[0].there, to_json(state()).at(field));
    EXPECT_EQ(changes[0].here, to_json(now).at(field));
  }
}

TEST(ResumeState, GoesOnWhereItStopped) {
  EXPECT_EQ(resume_state(state(), start_of(state())), state());
}

TEST(ResumeState, TheEndOfAnEpochIsTheBeginningOfTheNext) {
  LoaderState saved = state();
  saved.next_step = 125;  // 124.9 steps an epoch
  EXPECT_EQ(place(saved, state()), Place(4, 0));
  saved.next_step = 124;
  EXPECT_EQ(place(saved, state()), Place(3, 124));
}

TEST(ResumeState, OtherSamplesBeginWithTheNextEpoch) {
  for (const LoaderState& now :
       {changed([](auto& s) { s.order = "sequential"; }), changed([](auto& s) { s.seed = 1; }),
        changed([](auto& s) { s.num_samples = 9; }), changed([](auto& s) { s.dataset_id = "f"; }),
        changed([](auto& s) { s.split = "all"; })}) {
    EXPECT_EQ(place(state(), now), Place(4, 0));
    LoaderState saved = state();
    saved.next_step = 0;
    EXPECT_EQ(place(saved, now), Place(3, 0)) << "an epoch's beginning skips nothing";
    saved.next_step = 125;
    EXPECT_EQ(place(saved, now), Place(4, 0)) << "nor does its end";
    saved.next_step = 50;
    EXPECT_EQ(place(saved, now), Place(4, 0)) << "the end of a window is no help";
  }
}

TEST(ResumeState, StepsAreCutAnewWhereBothEndAWindow) {
  LoaderState saved = state();
  saved.bucket_window = 1;
  saved.next_step = 8;  // after 384 samples
  LoaderState now = saved;
  now.batch_size = 64;
  EXPECT_EQ(place(saved, now), Place(3, 6));
  now.batch_size = 60;
  EXPECT_EQ(place(saved, now), Place(4, 0)) << "384 is no multiple of 60";
  now.batch_size = 64;
  now.bucket_window = 3;
  EXPECT_EQ(place(saved, now), Place(3, 6));
  now.bucket_window = 4;
  EXPECT_EQ(place(saved, now), Place(4, 0)) << "a window of the new ones is begun";
  saved.bucket_window = 3;
  EXPECT_EQ(place(saved, now), Place(4, 0)) << "a window of the old ones is begun";
}

TEST(ResumeState, OtherPixelsAreNoOtherSamples) {
  const LoaderState now = changed([](auto& s) { s.transform = "flip"; });
  LoaderState saved = state();
  saved.next_step = 50;
  EXPECT_EQ(place(saved, now), Place(3, 50));
  saved.next_step = 51;
  EXPECT_EQ(place(saved, now), Place(4, 0)) << "sizes, and so the window, may be others";
}

TEST(ResumeState, AnEpochThatTheNewStepsEndHereHasEnded) {
  LoaderState saved = state();
  saved.num_samples = 100;
  saved.batch_size = 20;
  saved.bucket_window = 1;
  saved.next_step = 4;
  LoaderState now = saved;
  now.batch_size = 40;
  EXPECT_EQ(place(saved, now), Place(3, 2));
  now.last_batch = "drop";
  EXPECT_EQ(place(saved, now), Place(4, 0));
}

}  // namespace
}  // namespace intr
