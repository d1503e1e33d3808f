// SPDX-License-Identifier: Apache-2.0
#include "intr/data/loader_state.h"

#include <gtest/gtest.h>

#include <functional>

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

std::string refusal(const LoaderState& saved, const LoaderState& now, bool allow = false) {
  try {
    resume_state(saved, start_of(now), allow, "step-7.ckpt");
  } catch (const EnvironmentError& error) {
    return error.what();
  }
  return "no error";
}

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

TEST(ResumeState, GoesOnWhereItStopped) {
  EXPECT_EQ(resume_state(state(), start_of(state()), false, "x"), state());
}

TEST(ResumeState, TheEndOfAnEpochIsTheBeginningOfTheNext) {
  LoaderState saved = state();
  saved.next_step = 125;  // 124.9 steps an epoch
  LoaderState expected = state();
  expected.epoch = 4;
  expected.next_step = 0;
  EXPECT_EQ(resume_state(saved, start_of(state()), false, "x"), expected);
  saved.next_step = 124;
  EXPECT_EQ(resume_state(saved, start_of(state()), false, "x").next_step, 124);
}

TEST(ResumeState, RefusesOtherDataNamingOldAndNew) {
  const auto changed = [](const std::function<void(LoaderState&)>& change) {
    LoaderState now = state();
    change(now);
    return now;
  };
  const std::vector<std::pair<LoaderState, const char*>> cases = {
      {changed([](auto& s) { s.order = "sequential"; }),
       R"(order is "feistel8-v1" there, "sequential" here)"},
      {changed([](auto& s) { s.seed = 1; }), "seed is 42 there, 1 here"},
      {changed([](auto& s) { s.num_samples = 9; }), "num_samples is 5994 there, 9 here"},
      {changed([](auto& s) { s.dataset_id = std::string(32, 'f'); }), R"(there, "ffff)"},
      {changed([](auto& s) { s.split = "all"; }), R"(split is "train" there, "all" here)"},
      {changed([](auto& s) { s.transform = "flip"; }),
       R"(transform is "train" there, "flip" here)"},
      {changed([](auto& s) { s.augmentation_version = "intr-aug-2"; }), "intr-aug-2"}};
  for (const auto& [now, text] : cases) {
    const std::string message = refusal(state(), now);
    EXPECT_NE(message.find(text), std::string::npos) << message;
    EXPECT_NE(message.find("step-7.ckpt"), std::string::npos) << message;
    EXPECT_NE(message.find("--allow-data-change"), std::string::npos) << message;
    LoaderState expected = now;
    expected.epoch = 4;
    expected.next_step = 0;
    EXPECT_EQ(resume_state(state(), start_of(now), true, "x"), expected);
  }
}

TEST(ResumeState, OtherDataAtAnEpochsBeginningSkipNothing) {
  LoaderState saved = state(), now = state();
  saved.next_step = 0;
  now.num_samples = 6000;
  EXPECT_EQ(resume_state(saved, start_of(now), true, "x").epoch, 3);
}

TEST(ResumeState, StepsMayBeCutAnewWhereAnEpochBegins) {
  LoaderState saved = state();
  LoaderState now = state();
  now.batch_size = 12;
  now.bucket_window = 1;
  now.last_batch = "drop";
  const std::string message = refusal(saved, now);
  for (const char* part : {"batch_size is 48 there, 12 here", "bucket_window is 50 there, 1 here",
                           R"(last_batch is "keep" there, "drop" here)", "after step 7"})
    EXPECT_NE(message.find(part), std::string::npos) << message;
  EXPECT_EQ(refusal(saved, now, true), message) << "that is no change of data";
  saved.next_step = 0;
  EXPECT_EQ(refusal(saved, now), "no error");
  saved.next_step = 125;
  EXPECT_EQ(resume_state(saved, start_of(now), false, "x").epoch, 4);
}

}  // namespace
}  // namespace intr
