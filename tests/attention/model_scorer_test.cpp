// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_scorer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "intr/core/error.h"
#include "intr/data/network_input.h"
#include "support/looked_at.h"

namespace intr {
namespace {

/// A picture of 90 x 100 pixels, and what a dump that padded it to 96 x 128 says of it.
struct Case {
  Case() : seen(test::looked_at()) {
    batch.rows = {0};
    batch.sample_ids = {17};
    batch.labels = {2};
    batch.sizes = {{90, 100}};
    batch.padded = {90, 100};
    batch.offsets = {0};
    std::vector<std::uint8_t> pixels(90 * 100 * 3);
    for (std::size_t i = 0; i < pixels.size(); ++i)
      pixels[i] = static_cast<std::uint8_t>((i * 37 + i / 300 * 11) % 251);
    batch.own(std::move(pixels));
    stored.sample_id = 17;
    stored.label = 2;
    stored.grid = {6, 7};
    stored.source_size = stored.resized_size = {90, 100};
    stored.padded_size = {96, 128};
    const IntrOutput output = look();
    const at::Tensor best = output.logits.argmax(1);
    stored.top_class = {static_cast<std::int32_t>(best.item<std::int64_t>())};
    stored.top_logit = {output.logits.max().item<float>()};
    sample.stored = &stored;
    sample.map.assign(42, 1.0F / 42);
    sample.map[5] = 0.5F;
  }
  Case(const Case&) = delete;
  Case& operator=(const Case&) = delete;

  /// On the canvas of the dump.
  IntrOutput look() {
    const at::NoGradGuard no_grad;
    at::Tensor canvas = torch::zeros({1, 3, 96, 128});
    canvas.narrow(2, 0, 90).narrow(3, 0, 100).copy_(network_input(batch, at::kCPU));
    return seen.model.forward(canvas.contiguous(at::MemoryFormat::ChannelsLast), {{90, 100}});
  }
  ModelScorer scorer(const std::string& measures) const {
    ModelScorer::Setup setup{.model = seen.model};
    setup.options.measures = measures;
    setup.layer = 1;
    return ModelScorer(setup);
  }

  const test::LookedAt& seen;
  MicroBatch batch;
  DumpSample stored;
  ScoredSample sample;
};

TEST(ModelScorer, SeesThePictureOnTheCanvasOfTheDump) {
  Case c;
  ModelScorer scorer = c.scorer("heads,values");
  const auto scores = scorer.score(c.batch, c.sample);
  ASSERT_TRUE(scores && scores->heads && scores->values);
  EXPECT_FALSE(scores->curves || scores->randomization);
  EXPECT_EQ(scores->sample_id, 17);
  EXPECT_EQ(scores->target, c.stored.top_class[0]);
  const IntrOutput output = c.look();
  ASSERT_EQ(scores->logits.size(), 5U);
  for (std::size_t k = 0; k < 5; ++k)
    EXPECT_NEAR(scores->logits[k], output.logits[0][static_cast<std::int64_t>(k)].item<float>(),
                1e-5);
  EXPECT_EQ(scorer.times().forwards, 1);
  EXPECT_GT(scorer.times().heads_s, 0);
}

TEST(ModelScorer, RefusesLogitsThatAreNotTheDumps) {
  Case c;
  c.stored.top_logit[0] += 0.1F;
  ModelScorer scorer = c.scorer("heads");
  try {
    scorer.score(c.batch, c.sample);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(std::string(error.what()).find("sample 17: the logit of class"), 0U) << error.what();
  }
  c.stored.top_logit[0] -= 0.1F;
  c.stored.grid = {5, 7};
  EXPECT_THROW(scorer.score(c.batch, c.sample), InternalError);
}

TEST(ModelScorer, AnUnknownTargetIsNotMeasured) {
  Case c;
  c.stored.label = -1;
  ModelScorer::Setup setup{.model = c.seen.model};
  setup.options.target = "true";
  setup.layer = 1;
  const auto scores = ModelScorer(setup).score(c.batch, c.sample);
  ASSERT_TRUE(scores);
  EXPECT_EQ(scores->target, -1);
  EXPECT_EQ(scores->logits.size(), 5U);
  EXPECT_FALSE(scores->curves || scores->heads || scores->values || scores->randomization);
}

TEST(ModelScorer, ForwardPassesAreThoseThatAreCounted) {
  Case c;
  c.sample.randomized = true;
  std::int64_t passes = 0;
  ModelScorer::Setup setup{.model = c.seen.model};
  setup.layer = 1;
  setup.advance = [&](std::int64_t count) { passes += count; };
  ASSERT_TRUE(ModelScorer(setup).score(c.batch, c.sample));
  EXPECT_EQ(passes, 153 + 10);
  EXPECT_EQ(ModelScorer::forward_passes(setup.options, 10, true, true), 153 + 10);
  EXPECT_EQ(ModelScorer::forward_passes(setup.options, 10, true, false), 153);
  EXPECT_EQ(ModelScorer::forward_passes(setup.options, 10, false, true), 11);
  setup.options.measures = "heads,values";
  EXPECT_EQ(ModelScorer::forward_passes(setup.options, 10, true, true), 1);
}

TEST(ModelScorer, StopsBetweenBatchesOfPictures) {
  Case c;
  std::int64_t asked = 0;
  ModelScorer::Setup setup{.model = c.seen.model};
  setup.layer = 1;
  setup.stop_requested = [&] { return ++asked > 3; };
  EXPECT_FALSE(ModelScorer(setup).score(c.batch, c.sample));
  EXPECT_EQ(asked, 4);
}

}  // namespace
}  // namespace intr
