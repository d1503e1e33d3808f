// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/sample_scores.h"

#include <gtest/gtest.h>

#include <cmath>

namespace intr {
namespace {

constexpr double kTight = 1e-12;
using Values = std::vector<float>;

/// A picture of 40 x 20 pixels under 2 x 4 stretched cells of 10 x 10. True class 0, best class 0,
/// runner-up 1; both are stored, of two heads.
struct Case {
  DumpFacts facts;
  DumpSample sample;
  SampleAnnotation annotation;
  ScoreSetup setup{.geometry = Geometry::kStretch};

  Case() {
    facts.classes = {"a", "b", "c"};
    facts.stride = 10;
    facts.layers = {0};
    facts.heads = {0, 1};
    facts.num_queries = 2;
    sample.grid = {2, 4};
    sample.source_size = sample.resized_size = {20, 40};
    sample.label = 0;
    sample.query = {0, 1};
    sample.logit = {3, 1};
    sample.top_class = {0, 1, 2};
    sample.top_logit = {3, 1, 0};
    sample.log_z = static_cast<float>(std::log(std::exp(3.0) + std::exp(1.0) + 1));
  }

  SampleScores score(const std::vector<Values>& maps) const {
    Values all;
    for (const Values& map : maps) all.insert(all.end(), map.begin(), map.end());
    return score_sample(facts, sample, all, annotation, setup);
  }
};

const Values kFirst = {1, 0, 0, 0, 0, 0, 0, 0};
const Values kLast = {0, 0, 0, 0, 0, 0, 0, 1};
const Values kUniform(8, 0.125F);

TEST(SampleScores, DisjointHeadsAndAClassThatLooksElsewhere) {
  const SampleScores scores = Case().score({kFirst, kLast, kLast, kUniform});
  const auto& mean = scores.mean.values;
  EXPECT_NEAR(mean[MapMeasure::kEntropy], std::log(2.0), kTight);
  EXPECT_NEAR(mean[MapMeasure::kEntropyNormalized], 1.0 / 3, kTight);
  EXPECT_NEAR(mean[MapMeasure::kEffectiveArea], 0.25, kTight);
  EXPECT_EQ(mean[MapMeasure::kPeak], 0.5);
  EXPECT_EQ(mean[MapMeasure::kPeakUniform], 4);
  EXPECT_EQ(mean[MapMeasure::kPeakX], 5);  // a tie: the first cell
  EXPECT_EQ(mean[MapMeasure::kPeakY], 5);
  EXPECT_EQ(mean[MapMeasure::kCenterX], 20);
  EXPECT_EQ(mean[MapMeasure::kCenterY], 10);
  EXPECT_NEAR(mean[MapMeasure::kSpread], std::sqrt(250.0) / std::sqrt(2000.0), kTight);
  ASSERT_EQ(scores.heads.size(), 2u);
  EXPECT_EQ(scores.heads[1].values[MapMeasure::kEntropy], 0);
  EXPECT_EQ(scores.heads[1].values[MapMeasure::kPeakX], 35);
  EXPECT_NEAR(scores.heads[0].values[MapMeasure::kClassContrast], 1, kTight);
  // Head 1: {0 …, 1} against 1/8 each.
  const double mixed = -0.5625 * std::log(0.5625) - 7 * 0.0625 * std::log(0.0625);
  EXPECT_NEAR(scores.heads[1].values[MapMeasure::kClassContrast],
              (mixed - std::log(8.0) / 2) / std::log(2.0), kTight);
  EXPECT_NEAR(scores.values[SampleMeasure::kCosineDiversity], 1, kTight);
  EXPECT_NEAR(scores.values[SampleMeasure::kInformationDiversity], 1, kTight);
}

TEST(SampleScores, EqualHeadsAndEqualClasses) {
  const SampleScores scores = Case().score({kUniform, kUniform, kUniform, kUniform});
  EXPECT_NEAR(scores.mean.values[MapMeasure::kEntropyNormalized], 1, kTight);
  EXPECT_NEAR(scores.mean.values[MapMeasure::kEffectiveArea], 1, kTight);
  EXPECT_NEAR(scores.mean.values[MapMeasure::kClassContrast], 0, kTight);
  EXPECT_NEAR(scores.values[SampleMeasure::kCosineDiversity], 0, kTight);
  EXPECT_NEAR(scores.values[SampleMeasure::kInformationDiversity], 0, kTight);
}

TEST(SampleScores, AgainstABox) {
  Case own;
  own.annotation.box = PictureBox{0, 0, 15, 10};  // the first cell and half of the second
  const SampleScores scores =
      own.score({{0.25F, 0.5F, 0, 0, 0, 0, 0, 0.25F}, kLast, kUniform, kUniform});
  const auto& head = scores.heads[0].values;
  EXPECT_NEAR(head[MapMeasure::kBoxMass], 0.5, kTight);
  EXPECT_NEAR(scores.values[SampleMeasure::kBoxUniform], 1.5 / 8, kTight);
  EXPECT_NEAR(head[MapMeasure::kBoxLift], 0.5 * 8 / 1.5, kTight);
  EXPECT_EQ(head[MapMeasure::kPointing0], 1);  // (15, 5) lies on the border
  EXPECT_EQ(scores.values[SampleMeasure::kPointing0Chance], 0.25);
  EXPECT_EQ(scores.heads[1].values[MapMeasure::kPointing15], 0);  // (35, 15)
  // Up to x = 30 and y = 25: three of four columns in both rows.
  EXPECT_EQ(scores.values[SampleMeasure::kPointing15Chance], 0.75);
  EXPECT_GT(scores.values[SampleMeasure::kBoxCenterPrior], 0);
  EXPECT_LT(scores.values[SampleMeasure::kBoxCenterPrior],
            scores.values[SampleMeasure::kBoxUniform]);
}

TEST(SampleScores, AgainstParts) {
  Case own;
  own.annotation.box = PictureBox{0, 0, 30, 40};
  own.annotation.parts = {{{2, 2}, true}, {{38, 18}, true}, {{25, 5}, true}, {{5, 5}, false}};
  const SampleScores scores = own.score({kFirst, kLast, kUniform, kUniform});
  EXPECT_NEAR(scores.mean.values[MapMeasure::kPartCoverage], 2.0 / 3, kTight);  // of any head
  EXPECT_NEAR(scores.mean.values[MapMeasure::kPartChance], 0.25, kTight);
  EXPECT_NEAR(scores.mean.values[MapMeasure::kPartLift], 8.0 / 3, kTight);
  EXPECT_NEAR(scores.heads[0].values[MapMeasure::kPartCoverage], 1.0 / 3, kTight);
  EXPECT_NEAR(scores.heads[0].values[MapMeasure::kPartLift], 8.0 / 3, kTight);
  EXPECT_NEAR(scores.heads[1].values[MapMeasure::kPartDistance], std::sqrt(18.0) / 50, kTight);
  EXPECT_EQ(scores.heads[0].nearest_part, 0);
  EXPECT_EQ(scores.heads[1].nearest_part, 1);
  EXPECT_EQ(scores.part_hits.hit, (std::vector<std::uint8_t>{1, 0, 0, 0, 0, 1, 0, 0}));
  own.setup.mass = 1;
  own.facts.heads = {0, 1};
  EXPECT_EQ(own.score({kUniform, kLast, kUniform, kUniform}).mean.values[MapMeasure::kPartCoverage],
            1);
}

TEST(SampleScores, WithoutBoxOrPartsNothingIsKnownOfThem) {
  const SampleScores scores = Case().score({kFirst, kLast, kUniform, kUniform});
  for (const MapMeasure measure :
       {MapMeasure::kBoxMass, MapMeasure::kBoxLift, MapMeasure::kPointing0, MapMeasure::kPointing15,
        MapMeasure::kPartCoverage, MapMeasure::kPartLift, MapMeasure::kPartDistance})
    EXPECT_TRUE(std::isnan(scores.mean.values[measure])) << facts_of(measure).id;
  EXPECT_TRUE(std::isnan(scores.values[SampleMeasure::kBoxUniform]));
  EXPECT_EQ(scores.mean.nearest_part, -1);
  EXPECT_TRUE(scores.part_hits.visible.empty());
  Case outside;
  outside.annotation.box = PictureBox{100, 100, 5, 5};
  const SampleScores none = outside.score({kFirst, kLast, kUniform, kUniform});
  EXPECT_EQ(none.mean.values[MapMeasure::kBoxMass], 0);
  EXPECT_TRUE(std::isnan(none.mean.values[MapMeasure::kBoxLift]));  // nothing to compare with
}

TEST(SampleScores, OneCellAndOneHead) {
  Case own;
  own.sample.grid = {1, 1};
  own.facts.heads = {0};
  const SampleScores scores = own.score({{1}, {1}});
  EXPECT_EQ(scores.mean.values[MapMeasure::kEntropy], 0);
  EXPECT_TRUE(std::isnan(scores.mean.values[MapMeasure::kEntropyNormalized]));
  EXPECT_EQ(scores.mean.values[MapMeasure::kEffectiveArea], 1);
  EXPECT_EQ(scores.mean.values[MapMeasure::kPeakUniform], 1);
  EXPECT_EQ(scores.mean.values[MapMeasure::kSpread], 0);
  EXPECT_EQ(scores.mean.values[MapMeasure::kClassContrast], 0);
  EXPECT_TRUE(std::isnan(scores.values[SampleMeasure::kCosineDiversity]));
  EXPECT_TRUE(std::isnan(scores.values[SampleMeasure::kInformationDiversity]));
}

TEST(SampleScores, OnlyTheMeanIsStored) {
  Case own;
  own.facts.heads = {kHeadMean};
  own.annotation.parts = {{{2, 2}, true}};
  const SampleScores scores = own.score({kFirst, kLast});
  EXPECT_TRUE(scores.heads.empty());
  EXPECT_EQ(scores.mean.values[MapMeasure::kPeak], 1);
  EXPECT_EQ(scores.mean.values[MapMeasure::kPartCoverage], 1);
  EXPECT_TRUE(std::isnan(scores.values[SampleMeasure::kCosineDiversity]));
}

TEST(SampleScores, MarginsAndProbability) {
  Case own;
  const double z = std::exp(3.0) + std::exp(1.0) + 1;
  SampleScores scores = own.score({kFirst, kLast, kUniform, kUniform});
  EXPECT_EQ(scores.values[SampleMeasure::kRight], 1);
  EXPECT_NEAR(scores.values[SampleMeasure::kProbability], std::exp(3.0) / z, 1e-6);
  EXPECT_EQ(scores.values[SampleMeasure::kMargin], 2);
  EXPECT_EQ(scores.values[SampleMeasure::kClassMargin], 2);
  own.sample.label = 1;  // wrong: class 0 is the best other one
  scores = own.score({kFirst, kLast, kUniform, kUniform});
  EXPECT_EQ(scores.values[SampleMeasure::kRight], 0);
  EXPECT_EQ(scores.values[SampleMeasure::kClassMargin], -2);
  EXPECT_NEAR(scores.mean.values[MapMeasure::kEntropyNormalized], 1, kTight);  // slot 1's maps
}

TEST(SampleScores, QueriesThatAreNotStored) {
  Case own;
  own.sample.label = 2;
  own.annotation.box = PictureBox{0, 0, 15, 10};
  own.annotation.parts = {{{2, 2}, true}};
  SampleScores scores = own.score({kFirst, kLast, kUniform, kUniform});
  EXPECT_FALSE(scores.has_maps);
  for (const SampleMeasure baseline :
       {SampleMeasure::kBoxUniform, SampleMeasure::kBoxCenterPrior, SampleMeasure::kPointing0Chance,
        SampleMeasure::kPointing15Chance})
    EXPECT_TRUE(std::isnan(scores.values[baseline])) << facts_of(baseline).id;
  EXPECT_TRUE(scores.part_visible.empty());
  EXPECT_TRUE(std::isnan(scores.mean.values[MapMeasure::kEntropy]));
  EXPECT_EQ(scores.values[SampleMeasure::kRight], 0);
  own.setup.of_predicted = true;
  EXPECT_TRUE(own.score({kFirst, kLast, kUniform, kUniform}).has_maps);
  own.setup.of_predicted = false;
  own.sample.label = -1;
  scores = own.score({kFirst, kLast, kUniform, kUniform});
  EXPECT_FALSE(scores.has_maps);
  EXPECT_TRUE(std::isnan(scores.values[SampleMeasure::kRight]));
  own.sample.label = 0;
  own.sample.query = {0, 2};  // the runner-up is not stored
  scores = own.score({kFirst, kLast, kUniform, kUniform});
  EXPECT_EQ(scores.heads[0].values[MapMeasure::kEntropy], 0);
  EXPECT_TRUE(std::isnan(scores.mean.values[MapMeasure::kClassContrast]));
  EXPECT_TRUE(std::isnan(scores.heads[0].values[MapMeasure::kClassContrast]));
}

}  // namespace
}  // namespace intr
