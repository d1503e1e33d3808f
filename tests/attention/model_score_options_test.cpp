// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_score_options.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "intr/core/error.h"

namespace intr {
namespace {

/// The refusal of options with a change; "valid" if there is none.
std::string refusal(const std::function<void(ModelScoreOptions&)>& change) {
  ModelScoreOptions options;
  change(options);
  try {
    validate(options);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "valid";
}

TEST(ModelScoreOptions, MeasuresAreWholeWords) {
  ModelScoreOptions options;
  for (const char* measure : {"curves", "heads", "values", "randomization"})
    EXPECT_TRUE(options.wants(measure)) << measure;
  options.measures = "heads";
  EXPECT_TRUE(options.wants("heads"));
  EXPECT_FALSE(options.wants("head"));
  EXPECT_FALSE(options.wants("curves"));
  EXPECT_FALSE(options.wants(""));
}

TEST(ModelScoreOptions, MeasuresAreKnownAndNamedOnce) {
  const auto with = [](const char* measures) {
    return refusal([=](ModelScoreOptions& options) { options.measures = measures; });
  };
  EXPECT_EQ(with("curves"), "valid");
  EXPECT_EQ(with("randomization,values"), "valid");
  EXPECT_NE(with("curves,head").find("did you mean heads?"), std::string::npos);
  EXPECT_NE(with("heads,curves,heads").find("--measures: 'heads' stands there twice"),
            std::string::npos);
  for (const char* wrong : {"", ",", "curves,", "curves, heads", "all"})
    EXPECT_NE(with(wrong).find("--measures"), std::string::npos) << wrong;
}

TEST(ModelScoreOptions, MapsThatOrderCells) {
  const auto with = [](const char* map) {
    return refusal([=](ModelScoreOptions& options) { options.map = map; });
  };
  for (const char* map : {"mean", "value", "rollout", "head:0", "head:17"})
    EXPECT_EQ(with(map), "valid") << map;
  for (const char* map :
       {"", "head", "head:", "head:-1", "head:x", "head:1x", "head:1,2", "head:4294967296", "max"})
    EXPECT_NE(with(map).find("--map"), std::string::npos) << map;
}

TEST(ModelScoreOptions, RangesAndChoices) {
  const std::vector<std::pair<const char*, std::function<void(ModelScoreOptions&)>>> wrong = {
      {"--target", [](ModelScoreOptions& o) { o.target = "all"; }},
      {"--layer", [](ModelScoreOptions& o) { o.layer = -2; }},
      {"--ablate", [](ModelScoreOptions& o) { o.ablate = "mean"; }},
      {"--geometry", [](ModelScoreOptions& o) { o.geometry = "grid"; }},
      {"--batch-size", [](ModelScoreOptions& o) { o.batch_size = 0; }},
      {"--replicates", [](ModelScoreOptions& o) { o.replicates = -1; }},
      {"--replicates", [](ModelScoreOptions& o) { o.replicates = 1'000'001; }},
      {"--samples", [](ModelScoreOptions& o) { o.samples = -1; }},
      {"--randomization-samples", [](ModelScoreOptions& o) { o.randomization_samples = 0; }},
      {"--seed", [](ModelScoreOptions& o) { o.seed = -1; }}};
  for (const auto& [flag, change] : wrong)
    EXPECT_EQ(refusal(change).rfind(flag, 0), 0u) << flag << ": " << refusal(change);
  EXPECT_EQ(refusal([](ModelScoreOptions& options) {
              options = {.samples = 0, .target = "true", .ablate = "zero", .replicates = 0};
            }),
            "valid");
}

TEST(ModelScoreOptions, FlagsFillTheirFields) {
  ModelScoreOptions options;
  OptionSet set("test", "A test.");
  describe(options, set);
  ASSERT_TRUE(set.parse({"--measures",
                         "heads",
                         "--samples",
                         "7",
                         "--randomization-samples",
                         "3",
                         "--target",
                         "true",
                         "--layer",
                         "4",
                         "--map",
                         "head:2",
                         "--ablate",
                         "zero",
                         "--geometry",
                         "stretch",
                         "--batch-size",
                         "5",
                         "--replicates",
                         "11",
                         "--seed",
                         "9"},
                        ""));
  EXPECT_EQ(options.measures, "heads");
  EXPECT_EQ(options.samples, 7);
  EXPECT_EQ(options.randomization_samples, 3);
  EXPECT_EQ(options.target, "true");
  EXPECT_EQ(options.layer, 4);
  EXPECT_EQ(options.map, "head:2");
  EXPECT_EQ(options.ablate, "zero");
  EXPECT_EQ(options.geometry, "stretch");
  EXPECT_EQ(options.batch_size, 5);
  EXPECT_EQ(options.replicates, 11);
  EXPECT_EQ(options.seed, 9);
  const std::string help = set.help();
  EXPECT_NE(help.find("What is measured"), std::string::npos) << help;
  EXPECT_NE(help.find("Which samples"), std::string::npos) << help;
}

}  // namespace
}  // namespace intr
