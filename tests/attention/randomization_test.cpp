// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/randomization.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <set>

#include "intr/core/philox.h"
#include "support/looked_at.h"

namespace intr {
namespace {

using test::LookedAt;

std::vector<std::string> names_of(const ModelConfig& config) {
  std::vector<std::string> names;
  for (const RandomStage& stage : randomization_stages(config)) names.push_back(stage.name);
  return names;
}

TEST(Randomization, FromTheTopEveryTensorOnce) {
  ModelConfig config = test::tiny_model(3);
  EXPECT_EQ(names_of(config),
            (std::vector<std::string>{"presence vector", "query embedding", "decoder layer 1",
                                      "decoder layer 0", "encoder layer 0", "input projection",
                                      "backbone stage 3", "backbone stage 2", "backbone stage 1",
                                      "stem"}));
  for (const bool pre_norm : {false, true})
    for (const char* position : {"sine", "learned"}) {
      config.pre_norm = pre_norm;
      config.position_embedding = position;
      std::set<std::string> seen;
      std::size_t count = 0;
      for (const RandomStage& stage : randomization_stages(config)) {
        EXPECT_FALSE(stage.tensors.empty()) << stage.name;
        seen.insert(stage.tensors.begin(), stage.tensors.end());
        count += stage.tensors.size();
      }
      EXPECT_EQ(seen.size(), count);
      EXPECT_EQ(count, parameter_table(config).size());
    }
}

IntrOutput look(const Intr& model, const LookedAt& seen) {
  const at::NoGradGuard no_grad;
  return model.forward(seen.picture, {seen.size}, {.capture_layers = {0, 1}});
}

bool same_maps(const IntrOutput& a, const IntrOutput& b) {
  return at::equal(a.captured[1].query, b.captured[1].query) &&
         at::equal(a.captured[1].key, b.captured[1].key);
}

TEST(Randomization, ThePresenceVectorAloneChangesLogitsButNoMap) {
  const LookedAt& seen = test::looked_at();
  RandomizedModel randomized(seen.model, at::kFloat, 1);
  EXPECT_TRUE(at::equal(look(randomized.model(), seen).logits, seen.output.logits));
  randomized.randomize_next();
  const IntrOutput output = look(randomized.model(), seen);
  EXPECT_FALSE(at::allclose(output.logits, seen.output.logits));
  EXPECT_TRUE(same_maps(output, seen.output));
}

TEST(Randomization, EveryStageChangesMore) {
  const LookedAt& seen = test::looked_at();
  RandomizedModel randomized(seen.model, at::kFloat, 1);
  randomized.randomize_next();
  IntrOutput before = look(randomized.model(), seen);
  for (std::size_t stage = 1; stage < randomized.stages().size(); ++stage) {
    randomized.randomize_next();
    IntrOutput now = look(randomized.model(), seen);
    EXPECT_FALSE(same_maps(now, before)) << randomized.stages()[stage].name;
    before = std::move(now);
  }
  // Nothing learned is left: it is the model that starts from those weights.
  const Intr fresh(
      seen.model.config(),
      initialize_from_scratch(seen.model.config(), draw_bits(1, Purpose::kScoreWeights, 0, 0, 0)));
  EXPECT_TRUE(at::equal(look(fresh, seen).logits, before.logits));
}

TEST(Randomization, RestoredItIsTheOriginal) {
  const LookedAt& seen = test::looked_at();
  const at::Tensor kept = seen.model.tensors().at("query_embed.weight").clone();
  RandomizedModel randomized(seen.model, at::kFloat, 1);
  for (std::size_t stage = 0; stage < randomized.stages().size(); ++stage)
    randomized.randomize_next();
  EXPECT_TRUE(at::equal(seen.model.tensors().at("query_embed.weight"), kept));  // a copy changed
  const IntrOutput all = look(randomized.model(), seen);
  randomized.restore();
  const IntrOutput output = look(randomized.model(), seen);
  EXPECT_TRUE(at::equal(output.logits, seen.output.logits));
  EXPECT_TRUE(same_maps(output, seen.output));
  for (std::size_t stage = 0; stage < randomized.stages().size(); ++stage)
    randomized.randomize_next();
  EXPECT_TRUE(at::equal(look(randomized.model(), seen).logits, all.logits));
}

}  // namespace
}  // namespace intr
