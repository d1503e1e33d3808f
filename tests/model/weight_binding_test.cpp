// SPDX-License-Identifier: Apache-2.0
#include "intr/model/weight_binding.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "intr/core/error.h"
#include "support/model_checkpoint.h"
#include "support/small_model.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const DataError& error) {
    EXPECT_EQ(error.code(), ExitCode::kBadData);
    return error.what();
  }
  return "accepted";
}

TEST(WeightBinding, AModelComesBackFromItsFile) {
  const test::TempDir folder;
  const ModelConfig config = test::small_config();
  write_checkpoint(folder / "model.h5", test::model_checkpoint(config));
  const LoadedModel model = load_model(folder / "model.h5");
  EXPECT_EQ(model.config, config);
  EXPECT_EQ(model.step, 12);
  EXPECT_EQ(model.classes.size(), 7U);
  EXPECT_EQ(model.path, folder / "model.h5");
  EXPECT_EQ(model.model_hash.size(), 32U);
  const TensorMap expected = test::formula_tensors(config);
  ASSERT_EQ(model.tensors.size(), expected.size());
  for (const auto& [name, tensor] : expected)
    EXPECT_TRUE(torch::equal(model.tensors.at(name), tensor)) << name;

  const c10::NoGradGuard no_grad;
  const std::vector<ImageSize> sizes = {{64, 96}};
  const at::Tensor images = test::formula_images(sizes);
  EXPECT_TRUE(torch::equal(Intr(model.config, model.tensors).forward(images, sizes).logits,
                           Intr(config, expected).forward(images, sizes).logits));
}

TEST(WeightBinding, AMissingTensorIsNamed) {
  const test::TempDir folder;
  Checkpoint checkpoint = test::model_checkpoint(test::small_config());
  for (CheckpointTensor& tensor : checkpoint.tensors)
    if (tensor.name == "transformer.decoder.norm.bias")
      tensor.name = "transformer.decoder.norm.shift";
  write_checkpoint(folder / "model.h5", checkpoint);
  const std::string message = refusal([&] { load_model(folder / "model.h5"); });
  EXPECT_NE(message.find("transformer.decoder.norm.bias"), std::string::npos) << message;
  EXPECT_NE(message.find("transformer.decoder.norm.shift"), std::string::npos) << message;
}

TEST(WeightBinding, AnOptionThatContradictsTheFileIsRefusedWithBothValues) {
  const test::TempDir folder;
  write_checkpoint(folder / "model.h5", test::model_checkpoint(test::small_config()));
  ModelRequest request;
  request.options.nheads = 8;
  request.given = [](const std::string& flag) { return flag == "nheads"; };
  try {
    load_model(folder / "model.h5", request);
    FAIL() << "accepted";
  } catch (const UsageError& error) {
    const std::string message = error.what();
    for (const char* word : {"--nheads", "8", "4", "model.h5"})
      EXPECT_NE(message.find(word), std::string::npos) << message;
  }
}

TEST(WeightBinding, ClassesMustAgreeWithTheModel) {
  const test::TempDir folder;
  Checkpoint checkpoint = test::model_checkpoint(test::small_config());
  checkpoint.classes.pop_back();
  write_checkpoint(folder / "model.h5", checkpoint);
  EXPECT_NE(
      refusal([&] { load_model(folder / "model.h5"); }).find("names 6 classes for a model of 7"),
      std::string::npos);
}

TEST(WeightBinding, AMissingFileIsBadData) { EXPECT_THROW(load_model("/nowhere/run"), DataError); }

TEST(WeightBinding, TheFirstOtherClassIsShown) {
  LoadedModel model;
  model.path = "best.h5";
  model.config.num_classes = 3;
  model.classes = {"bag", "coat", "shirt"};
  EXPECT_NO_THROW(settle_classes(model, {"bag", "coat", "shirt"}, "set"));
  EXPECT_EQ(refusal([&] {
              settle_classes(model, {"bag", "dress", "shirt"}, "set");
            }).rfind("set: class 1 is 'dress', in the model best.h5 it is 'coat'", 0),
            0U);
  EXPECT_EQ(refusal([&] {
              settle_classes(model, {"bag"}, "set");
            }).rfind("set: has 1 classes, the model best.h5 has 3", 0),
            0U);
}

TEST(WeightBinding, AModelWithoutNamesTakesThoseOfTheData) {
  LoadedModel model;
  model.path = "published.pth";
  model.config.num_classes = 2;
  settle_classes(model, {"bag", "coat"}, "set");
  EXPECT_EQ(model.classes, (std::vector<std::string>{"bag", "coat"}));
  model.classes.clear();
  EXPECT_NE(refusal([&] { settle_classes(model, {"bag"}, "set"); }), "accepted");
}

TEST(WeightBinding, TheHashSaysWhichWeights) {
  const TensorMap made = {{"a", torch::ones({2, 3})}, {"b", torch::zeros({4})}};
  const std::string hash = model_hash(made);
  EXPECT_EQ(hash.size(), 32U);
  EXPECT_EQ(model_hash({{"b", torch::zeros({4})}, {"a", torch::ones({3, 2}).t()}}), hash)
      << "neither the order nor the place in memory matters";
  EXPECT_NE(model_hash({{"a", torch::ones({3, 2})}, {"b", torch::zeros({4})}}), hash);
  EXPECT_NE(model_hash({{"a", torch::ones({2, 3})}, {"c", torch::zeros({4})}}), hash);
  EXPECT_NE(model_hash({{"a", torch::ones({2, 3})}, {"b", torch::full({4}, 1e-30)}}), hash);
}

}  // namespace
}  // namespace intr
