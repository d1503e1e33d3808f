// SPDX-License-Identifier: Apache-2.0
#include "intr/model/intr.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <type_traits>

#include "intr/core/error.h"
#include "support/small_model.h"

namespace intr {
namespace {

using test::formula_images;
using test::formula_tensors;
using test::small_config;

static_assert(std::is_nothrow_move_constructible_v<Intr>);
static_assert(!std::is_copy_constructible_v<Intr>);

const std::vector<ImageSize> kTwo = {{64, 96}, {64, 96}};

class IntrModel : public testing::Test {
  const c10::NoGradGuard no_grad_;
};

TEST_F(IntrModel, TwoPassesGiveEqualBits) {
  const Intr model(small_config(), formula_tensors(small_config()));
  const at::Tensor images = formula_images(kTwo);
  EXPECT_TRUE(torch::equal(model.forward(images, kTwo).logits, model.forward(images, kTwo).logits));
}

TEST_F(IntrModel, ShapesAreAsDocumented) {
  const Intr model(small_config(), formula_tensors(small_config()));
  const IntrOutput out =
      model.forward(formula_images(kTwo), kTwo,
                    {.capture_layers = {1}, .keep_hidden = true, .keep_memory = true});
  using Shape = std::vector<std::int64_t>;
  EXPECT_EQ(out.logits.sizes(), (Shape{2, 7}));
  EXPECT_EQ(out.query_logits.sizes(), (Shape{2, 7}));
  EXPECT_EQ(out.feature_padding.sizes(), (Shape{2, 2, 3}));
  EXPECT_EQ(out.feature_height, 2);
  EXPECT_EQ(out.feature_width, 3);
  EXPECT_EQ(out.hidden.sizes(), (Shape{2, 2, 7, 32}));
  EXPECT_EQ(out.memory.sizes(), (Shape{2, 32, 2, 3}));
  EXPECT_EQ(out.position.sizes(), (Shape{2, 32, 2, 3}));
  ASSERT_EQ(out.captured.size(), 1U);
  EXPECT_EQ(out.captured[0].layer, 1);
  EXPECT_EQ(out.captured[0].query.sizes(), (Shape{2, 4, 7, 8}));
  EXPECT_EQ(out.captured[0].key.sizes(), (Shape{2, 4, 6, 8}));
  EXPECT_EQ(out.captured[0].value.sizes(), (Shape{2, 4, 6, 8}));
}

TEST_F(IntrModel, CapturingChangesNoBit) {
  const Intr model(small_config(), formula_tensors(small_config()));
  const at::Tensor images = formula_images({{64, 96}, {50, 70}});
  const std::vector<ImageSize> sizes = {{64, 96}, {50, 70}};
  const at::Tensor plain = model.forward(images, sizes).logits;
  const IntrOutput out = model.forward(
      images, sizes, {.capture_layers = {1, 0}, .keep_hidden = true, .keep_memory = true});
  EXPECT_TRUE(torch::equal(out.logits, plain));
  ASSERT_EQ(out.captured.size(), 2U);
  EXPECT_EQ(out.captured[0].layer, 1);
  EXPECT_EQ(out.captured[1].layer, 0);
  EXPECT_FALSE(torch::equal(out.captured[0].query, out.captured[1].query));
}

TEST_F(IntrModel, AStrideThatFoldsPaddingAwayNeedsNoMask) {
  // 33 and 40 rows are both 2 feature rows, but cell row 1 looks at pixel 20: both see it.
  const Intr model(small_config(), formula_tensors(small_config()));
  const std::vector<ImageSize> sizes = {{33, 64}, {40, 64}};
  const IntrOutput out = model.forward(formula_images(sizes), sizes);
  EXPECT_FALSE(out.feature_padding.any().item<bool>());
}

TEST_F(IntrModel, PaddedCellsHaveNoInfluence) {
  const Intr model(small_config(), formula_tensors(small_config()));
  const std::vector<ImageSize> padded = {{64, 64}, {64, 128}};
  const at::Tensor images = formula_images(padded);
  const IntrOutput out = model.forward(images, padded, {.capture_layers = {0}});
  EXPECT_EQ(out.feature_padding[0].sum().item<std::int64_t>(), 4);
  EXPECT_EQ(out.feature_padding[1].sum().item<std::int64_t>(), 0);
  // A picture that fills its batch gives the same logits whether others are padded or not.
  const at::Tensor alone = model.forward(images.slice(0, 1, 2), {{64, 128}}).logits;
  EXPECT_LE((out.logits[1] - alone[0]).abs().max().item<float>(), 1e-5F);
}

TEST_F(IntrModel, OneQueryPerClassIsThePlainModel) {
  ModelConfig config = small_config();
  const at::Tensor images = formula_images(kTwo);
  const at::Tensor plain = Intr(config, formula_tensors(config)).forward(images, kTwo).logits;
  for (const char* pooling : {"max", "mean", "logsumexp"}) {
    config.query_pooling = pooling;
    EXPECT_TRUE(
        torch::equal(Intr(config, formula_tensors(config)).forward(images, kTwo).logits, plain));
  }
}

TEST_F(IntrModel, DuplicatedQueriesPoolToTheirScore) {
  ModelConfig config = small_config();
  const at::Tensor images = formula_images(kTwo);
  config.queries_per_class = 2;
  TensorMap tensors = formula_tensors(config);
  at::Tensor& queries = tensors.at("query_embed.weight");
  queries = queries.slice(0, 0, 7).repeat_interleave(2, 0);  // rows c*2 and c*2+1 are class c's
  at::Tensor first;
  for (const char* pooling : {"max", "mean", "logsumexp"}) {
    config.query_pooling = pooling;
    const IntrOutput out = Intr(config, tensors).forward(images, kTwo);
    ASSERT_EQ(out.logits.size(1), 7);
    ASSERT_EQ(out.query_logits.size(1), 14);
    EXPECT_LE(
        (out.query_logits.view({2, 7, 2}).select(2, 0) - out.logits).abs().max().item<float>(),
        1e-6F);
    if (!first.defined()) first = out.logits;
    EXPECT_LE((out.logits - first).abs().max().item<float>(), 1e-6F) << pooling;
  }
}

TEST_F(IntrModel, PoolingsOfDifferentQueries) {
  ModelConfig config = small_config();
  config.queries_per_class = 3;
  const TensorMap tensors = formula_tensors(config);
  const auto run = [&](const char* pooling) {
    config.query_pooling = pooling;
    return Intr(config, tensors).forward(formula_images(kTwo), kTwo);
  };
  const at::Tensor scores = run("max").query_logits.view({2, 7, 3});
  EXPECT_TRUE(torch::equal(run("max").logits, scores.amax(2)));
  EXPECT_TRUE(torch::allclose(run("mean").logits, scores.mean(2)));
  EXPECT_TRUE(torch::allclose(run("logsumexp").logits, scores.exp().mean(2).log(), 1e-4, 1e-5));
}

TEST_F(IntrModel, DropoutFollowsTheGeneratorInTrainingAlone) {
  ModelConfig config = small_config();
  config.dropout = 0.3;
  const Intr model(config, formula_tensors(config));
  const at::Tensor images = formula_images(kTwo);
  const auto run = [&](bool training, std::uint64_t seed) {
    torch::manual_seed(seed);
    return model.forward(images, kTwo, {.training = training}).logits;
  };
  EXPECT_TRUE(torch::equal(run(true, 1), run(true, 1)));
  EXPECT_FALSE(torch::equal(run(true, 1), run(true, 2)));
  EXPECT_TRUE(torch::equal(run(false, 1), run(false, 2)));
}

TEST_F(IntrModel, Bfloat16StaysInsideTheProducts) {
  const std::vector<ImageSize> sizes = {{64, 96}, {50, 70}};
  const at::Tensor images = formula_images(sizes);
  const ForwardOptions all = {.capture_layers = {1}, .keep_hidden = true, .keep_memory = true};
  const TensorMap tensors = formula_tensors(small_config());
  const IntrOutput exact = Intr(small_config(), tensors).forward(images, sizes, all);
  const IntrOutput out = Intr(small_config(), tensors, at::kBFloat16).forward(images, sizes, all);
  for (const at::Tensor& tensor :
       {out.logits, out.query_logits, out.hidden, out.memory, out.position, out.captured[0].query,
        out.captured[0].key, out.captured[0].value})
    EXPECT_EQ(tensor.scalar_type(), at::kFloat);
  // Products are rounded to 8 bits, what is added up is not: positions keep their bits.
  EXPECT_TRUE(torch::equal(out.position, exact.position));
  EXPECT_FALSE(torch::equal(out.memory, exact.memory));
  EXPECT_TRUE(
      torch::equal(out.captured[0].key, out.captured[0].key.to(at::kBFloat16).to(at::kFloat)));
  const float range = (exact.logits.max() - exact.logits.min()).item<float>();
  EXPECT_LE((out.logits - exact.logits).abs().max().item<float>(), 0.05F * range);
}

TEST(IntrTraining, Bfloat16GivesGradientsInFloat32) {
  const auto gradients = [](at::ScalarType products, at::ScalarType weights) {
    TensorMap tensors = formula_tensors(small_config());
    for (auto& [name, tensor] : tensors) {
      tensor = tensor.detach().to(weights).to(at::kFloat).clone();
      if (name.find(".bn") == std::string::npos && name.find("downsample.1") == std::string::npos)
        tensor.set_requires_grad(true);
    }
    const Intr model(small_config(), tensors, products);
    const IntrOutput out = model.forward(formula_images(kTwo), kTwo, {.training = true});
    classification_loss(out.logits, torch::tensor({3, 1}, torch::kInt64), 2).backward();
    return tensors;
  };
  const TensorMap exact = gradients(at::kFloat, at::kFloat);
  // What rounding the weights alone does to gradients is the measure for all rounding.
  const TensorMap rounded_weights = gradients(at::kFloat, at::kBFloat16);
  const TensorMap rounded = gradients(at::kBFloat16, at::kFloat);
  const auto distance = [&](const TensorMap& other, const char* name) {
    return (other.at(name).grad() - exact.at(name).grad()).norm().item<double>();
  };
  for (const char* name :
       {"transformer.decoder.layers.1.multihead_attn.in_proj_weight", "query_embed.weight",
        "transformer.encoder.layers.0.linear1.weight", "input_proj.weight",
        "backbone.0.body.layer4.0.conv1.weight", "backbone.0.body.conv1.weight"}) {
    ASSERT_TRUE(rounded.at(name).grad().defined()) << name;
    EXPECT_EQ(rounded.at(name).grad().scalar_type(), at::kFloat) << name;
    EXPECT_LE(distance(rounded, name), 8 * distance(rounded_weights, name)) << name;
    EXPECT_LE(distance(rounded, name), 0.5 * exact.at(name).grad().norm().item<double>()) << name;
  }
}

TEST_F(IntrModel, RefreshSeesNewFrozenTensors) {
  const TensorMap tensors = formula_tensors(small_config());
  Intr model(small_config(), tensors);
  const at::Tensor images = formula_images(kTwo);
  const at::Tensor before = model.forward(images, kTwo).logits;
  tensors.at("backbone.0.body.bn1.running_mean").add_(0.5);
  EXPECT_TRUE(torch::equal(model.forward(images, kTwo).logits, before));
  model.refresh_frozen();
  EXPECT_FALSE(torch::equal(model.forward(images, kTwo).logits, before));
}

TEST_F(IntrModel, WrongInputIsABug) {
  TensorMap tensors = formula_tensors(small_config());
  const Intr model(small_config(), tensors);
  EXPECT_THROW(model.forward(formula_images(kTwo), {{64, 96}}), InternalError);
  EXPECT_THROW(model.forward(formula_images(kTwo), kTwo, {.capture_layers = {2}}), InternalError);
  tensors.erase("presence_vector.bias");
  EXPECT_THROW(Intr(small_config(), tensors), InternalError);
}

TEST(IntrTraining, FrozenTensorsRecordNothing) {
  const TensorMap tensors = formula_tensors(small_config(), "stem");
  const Intr model(small_config(), tensors);
  const at::Tensor logits = model.forward(formula_images(kTwo), kTwo, {.training = true}).logits;
  classification_loss(logits, torch::tensor({1, 2}), 2).backward();
  EXPECT_FALSE(tensors.at("backbone.0.body.layer1.0.conv1.weight").grad().defined());
  EXPECT_TRUE(tensors.at("backbone.0.body.layer2.0.conv1.weight").grad().defined());
}

TEST(IntrTraining, AccumulatedMicroBatchesGiveTheGradientOfTheWholeStep) {
  const at::Tensor images = formula_images({{64, 96}, {64, 96}, {64, 96}, {64, 96}});
  const at::Tensor labels = torch::tensor({1, 2, 3, 4});
  const auto gradient = [&](std::int64_t micro_batch) {
    const TensorMap tensors = formula_tensors(small_config(), "stem");
    const Intr model(small_config(), tensors);
    for (std::int64_t i = 0; i < 4; i += micro_batch) {
      const std::vector<ImageSize> sizes(static_cast<std::size_t>(micro_batch), {64, 96});
      const at::Tensor logits =
          model.forward(images.slice(0, i, i + micro_batch), sizes, {.training = true}).logits;
      classification_loss(logits, labels.slice(0, i, i + micro_batch), 4).backward();
    }
    return tensors.at("transformer.decoder.layers.1.linear1.weight").grad();
  };
  const at::Tensor whole = gradient(4);
  EXPECT_LE(((gradient(1) - whole).norm() / whole.norm()).item<float>(), 1e-5F);
}

TEST(ClassificationLoss, DividesByTheSamplesOfTheStep) {
  const at::Tensor logits = torch::zeros({2, 4});
  const at::Tensor loss = classification_loss(logits, torch::tensor({0, 3}), 8);
  EXPECT_FLOAT_EQ(loss.item<float>(), 2 * std::log(4.F) / 8);
  EXPECT_FLOAT_EQ(
      classification_loss(torch::ones({3, 1}), torch::zeros({3}, at::kLong), 3).item<float>(), 0);
}

}  // namespace
}  // namespace intr
