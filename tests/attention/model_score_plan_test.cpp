// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_score_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <numeric>

#include "attention/score_plans.h"
#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "support/damage.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using Ids = std::vector<std::int64_t>;
using Json = nlohmann::ordered_json;
using test::small_score_plan;
using test::TempDir;

/// A plan with a change, under the id of its new fields.
ModelScorePlan changed(const std::function<void(ModelScorePlan&)>& change) {
  ModelScorePlan plan = small_score_plan();
  change(plan);
  identify(plan);
  return plan;
}

/// What is said of a plan file that somebody changed, or "".
std::string trouble_after(const std::function<void(Json&)>& change) {
  const TempDir dir;
  Json json = to_json(small_score_plan());
  change(json);
  write_json(dir / "plan.json", json);
  try {
    read_score_plan(dir.path());
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

/// Ids first, first + 1, ... in their order.
Ids from(std::int64_t first, std::size_t count) {
  Ids ids(count);
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

TEST(DrawSamples, AreWhatTheyAlwaysWere) {
  // Computed in another language: by the random number of each id, smallest first.
  EXPECT_EQ(draw_samples(from(100, 20), 5, 0), (Ids{109, 110, 111, 113, 117}));
  EXPECT_EQ(draw_samples(from(100, 20), 5, 7), (Ids{109, 111, 112, 116, 119}));
  EXPECT_EQ(draw_samples(from(100, 20), 1, 0), Ids{110});
}

TEST(DrawSamples, ZeroOrManyIsAll) {
  EXPECT_EQ(draw_samples({7, 2, 5}, 0, 0), (Ids{2, 5, 7}));
  EXPECT_EQ(draw_samples({7, 2, 5}, 3, 0), (Ids{2, 5, 7}));
  EXPECT_EQ(draw_samples({7, 2, 5}, 4, 0), (Ids{2, 5, 7}));
  EXPECT_EQ(std::ssize(draw_samples({7, 2, 5}, 2, 0)), 2);
  EXPECT_EQ(draw_samples({}, 0, 0), Ids{});
  EXPECT_EQ(draw_samples({}, 3, 0), Ids{});
}

TEST(DrawSamples, OrderOfIdsDoesNotCount) {
  Ids ids = from(0, 300);
  const Ids drawn = draw_samples(ids, 40, 3);
  std::reverse(ids.begin(), ids.end());
  EXPECT_EQ(draw_samples(ids, 40, 3), drawn);
}

TEST(DrawSamples, FewerAreAmongMore) {
  const Ids ids = from(0, 300);
  for (const std::int64_t count : {0, 200, 51, 50}) {
    const Ids drawn = draw_samples(ids, count, 3);
    EXPECT_EQ(draw_samples(drawn, 50, 3), draw_samples(ids, 50, 3));
  }
}

TEST(DrawSamples, AreSpreadEvenly) {
  // Of 2,000 samples 1,000: each tenth holds 100 on average, with a deviation of 6.7.
  const Ids drawn = draw_samples(from(0, 2000), 1000, 1);
  for (std::int64_t tenth = 0; tenth < 10; ++tenth) {
    const auto count = std::count_if(drawn.begin(), drawn.end(),
                                     [&](std::int64_t id) { return id / 200 == tenth; });
    EXPECT_NEAR(static_cast<double>(count), 100, 27);
  }
}

TEST(ScorePieceSamples, AreFewAndPiecesNotTooMany) {
  EXPECT_EQ(score_piece_samples(0), 1);
  EXPECT_EQ(score_piece_samples(1), 1);
  EXPECT_EQ(score_piece_samples(1024), 1);
  EXPECT_EQ(score_piece_samples(1025), 2);
  EXPECT_EQ(score_piece_samples(5794), 6);
  EXPECT_EQ(score_piece_samples(64 * 1024), 64);
  EXPECT_EQ(score_piece_samples(1'000'000), 64);
}

TEST(ModelScorePlan, PiecesHoldEachSampleOnce) {
  const ModelScorePlan plan = small_score_plan();
  ASSERT_EQ(plan.num_pieces(), 3);
  const auto ids = [&](std::int64_t number) {
    return Ids(plan.piece(number).begin(), plan.piece(number).end());
  };
  EXPECT_EQ(ids(0), (Ids{3, 17}));
  EXPECT_EQ(ids(1), (Ids{18, 200}));
  EXPECT_EQ(ids(2), Ids{5793});
  EXPECT_THROW(plan.piece(3), InternalError);
  EXPECT_THROW(plan.piece(-1), InternalError);
}

TEST(ModelScorePlan, WithoutSamplesHasNoPieces) {
  EXPECT_EQ(ModelScorePlan().num_pieces(), 0);
  const ModelScorePlan whole = changed([](ModelScorePlan& plan) { plan.piece_samples = 5; });
  EXPECT_EQ(whole.num_pieces(), 1);
  EXPECT_EQ(whole.piece(0).size(), 5U);
}

TEST(ModelScorePlan, ReturnsWhatWasWritten) {
  const TempDir dir;
  const ModelScorePlan plan = small_score_plan();
  EXPECT_TRUE(place_score_plan(dir.path(), plan));
  const ModelScorePlan read = read_score_plan(dir.path());
  EXPECT_EQ(to_json(read), to_json(plan));
  EXPECT_EQ(plan_difference(read, plan), "");
  EXPECT_EQ(read.run_id, plan.run_id);
  EXPECT_EQ(read.sample_ids, plan.sample_ids);
  EXPECT_EQ(read.randomized_ids, plan.randomized_ids);
  EXPECT_EQ(read.piece_samples, 2);
  EXPECT_EQ(read.options, plan.options);
}

TEST(ModelScorePlan, TheFirstOfSeveralJobsWins) {
  const TempDir dir;
  const ModelScorePlan first = small_score_plan();
  const ModelScorePlan second = changed([](ModelScorePlan& plan) { plan.precision = "bf16"; });
  EXPECT_TRUE(place_score_plan(dir.path(), first));
  EXPECT_FALSE(place_score_plan(dir.path(), second));
  EXPECT_FALSE(place_score_plan(dir.path(), first));
  EXPECT_EQ(read_score_plan(dir.path()).run_id, first.run_id);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), {}), 1);
}

TEST(ModelScorePlan, IsIdentifiedByAllThatChangesANumber) {
  const std::vector<std::function<void(ModelScorePlan&)>> changes = {
      [](ModelScorePlan&) {},
      [](ModelScorePlan& plan) { plan.content_id = "c0ffef"; },
      [](ModelScorePlan& plan) { plan.model_hash = "1234abce"; },
      [](ModelScorePlan& plan) { plan.dataset_id = "beasts"; },
      [](ModelScorePlan& plan) { plan.precision = "tf32"; },
      [](ModelScorePlan& plan) { plan.options["layer"] = 4; },
      [](ModelScorePlan& plan) { plan.options["map"] = "mean"; },
      [](ModelScorePlan& plan) { plan.sample_ids[0] = 2; },
      [](ModelScorePlan& plan) { plan.randomized_ids[0] = 18; },
      [](ModelScorePlan& plan) { plan.randomized_ids.clear(); }};
  for (std::size_t a = 0; a < changes.size(); ++a)
    for (std::size_t b = 0; b < changes.size(); ++b) {
      const ModelScorePlan there = changed(changes[a]), wanted = changed(changes[b]);
      EXPECT_EQ(there.run_id == wanted.run_id, a == b) << a << " " << b;
      EXPECT_EQ(plan_difference(there, wanted).empty(), a == b) << a << " " << b;
    }
}

TEST(ModelScorePlan, IdentityIsOnDisk) {
  // XXH3-128 of the length, as 8 bytes, and the text of the fields; computed by another program.
  EXPECT_EQ(small_score_plan().run_id, "ce576ac28dfa1e85a99624731d4b0658");
  const ModelScorePlan other = changed([](ModelScorePlan& plan) { plan.piece_samples = 1; });
  EXPECT_EQ(other.run_id, small_score_plan().run_id);
  EXPECT_EQ(plan_difference(other, small_score_plan()), "");
}

TEST(ModelScorePlan, DifferencesNameFieldsAndValues) {
  const ModelScorePlan there = small_score_plan();
  const ModelScorePlan wanted = changed([](ModelScorePlan& plan) {
    plan.precision = "bf16";
    plan.options["layer"] = 4;
    plan.options.erase("seed");
  });
  EXPECT_EQ(plan_difference(there, wanted),
            "precision is \"fp32\" there and \"bf16\" here; layer is 5 there and 4 here; "
            "seed is -3 there and not stored here");
}

TEST(ModelScorePlan, DifferentSamplesAreShownByNumberAndHash) {
  const ModelScorePlan fewer = changed([](ModelScorePlan& plan) { plan.sample_ids.pop_back(); });
  const std::string text = plan_difference(small_score_plan(), fewer);
  EXPECT_TRUE(text.starts_with("samples is 5 of hash ")) << text;
  EXPECT_NE(text.find(" there and 4 of hash "), std::string::npos) << text;
}

TEST(ModelScorePlanFile, DamageIsNoticed) {
  using Change = std::function<void(Json&)>;
  const std::vector<std::pair<Change, const char*>> cases = {
      {[](Json& json) { json["format"] = "intr-attention-plan"; }, "this program reads"},
      {[](Json& json) {
         json["format_version"] = {2, 0};
       },
       "this program reads"},
      {[](Json& json) { json["format_version"] = {1}; }, "this program reads"},
      {[](Json& json) { json["run_id"] = "0"; }, "do not match their id"},
      {[](Json& json) { json.erase("run_id"); }, "'run_id' is missing"},
      {[](Json& json) { json["piece_samples"] = 0; }, "'piece_samples' is 0"},
      {[](Json& json) { json["piece_samples"] = 1.5; }, "'piece_samples' is 1.5"},
      {[](Json& json) { json["content"]["precision"] = "bf16"; }, "do not match their id"},
      {[](Json& json) { json["content"]["options"]["layer"] = 1; }, "do not match their id"},
      {[](Json& json) { json["content"]["options"] = 1; }, "'options' is no object"},
      {[](Json& json) { json["content"]["samples"][1] = 3; }, "'samples' does not rise"},
      {[](Json& json) { json["content"]["samples"][1] = -1; }, "holds -1, no whole number"},
      {[](Json& json) { json["content"]["samples"][1] = true; }, "holds true, no whole number"},
      {[](Json& json) { json["content"]["samples"] = 7; }, "'samples' is missing"},
      {[](Json& json) { json["content"]["randomized_samples"][1] = 201; }, "does not have"},
      {[](Json& json) { json["content"] = 1; }, "'content_id' is missing"}};
  for (const auto& [change, expected] : cases) {
    const std::string trouble = trouble_after(change);
    EXPECT_NE(trouble.find(expected), std::string::npos) << trouble << " lacks " << expected;
    EXPECT_NE(trouble.find("plan.json"), std::string::npos) << trouble;
    EXPECT_NE(trouble.find("Next: "), std::string::npos) << trouble;
  }
}

TEST(ModelScorePlanFile, ALargerMinorVersionIsRead) {
  EXPECT_EQ(trouble_after([](Json& json) {
              json["format_version"] = {1, 7};
              json["more"] = true;
            }),
            "");
}

TEST(ModelScorePlanFile, CutShortIsNoticed) {
  const TempDir dir;
  const std::string text = to_json(small_score_plan()).dump(1);
  write_file(dir / "plan.json", text);
  for (std::size_t size = text.size(); size-- > 0;) {
    test::cut(dir / "plan.json", size);
    EXPECT_THROW(read_score_plan(dir.path()), DataError) << size;
  }
}

}  // namespace
}  // namespace intr
