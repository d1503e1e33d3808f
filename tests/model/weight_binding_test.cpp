// SPDX-License-Identifier: Apache-2.0
#include "intr/model/weight_binding.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "intr/core/error.h"
#include "support/small_model.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

/// The checkpoint of a small model whose weights follow the formula.
Checkpoint checkpoint_of(const ModelConfig& config) {
  Checkpoint checkpoint;
  checkpoint.step = 12;
  for (const ParameterRow& row : parameter_table(config)) {
    CheckpointTensor stored;
    stored.name = row.name;
    stored.group = row.group;
    stored.shape = row.shape;
    stored.kind = row.buffer                    ? TensorKind::kBuffer
                  : is_frozen(row.name, "stem") ? TensorKind::kFrozen
                                                : TensorKind::kTrainable;
    std::vector<float>& values =
        stored.kind == TensorKind::kTrainable ? checkpoint.param : checkpoint.frozen;
    stored.offset = values.size();
    const std::vector<float> own = test::formula_weight(row.name, row.shape);
    values.insert(values.end(), own.begin(), own.end());
    checkpoint.tensors.push_back(stored);
  }
  checkpoint.exp_avg.assign(checkpoint.param.size(), 0);
  checkpoint.exp_avg_sq.assign(checkpoint.param.size(), 0);
  for (std::int64_t i = 0; i < config.num_classes; ++i)
    checkpoint.classes.push_back("class " + std::to_string(i));
  checkpoint.config = {{"model", to_json(config)}};
  return checkpoint;
}

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
  write_checkpoint(folder / "model.h5", checkpoint_of(config));
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
  Checkpoint checkpoint = checkpoint_of(test::small_config());
  std::erase_if(checkpoint.tensors, [](const CheckpointTensor& tensor) {
    return tensor.name == "transformer.decoder.norm.bias";
  });
  EXPECT_EQ(refusal([&] {
              bind_tensors(test::small_config(), checkpoint, "last.h5");
            }).rfind("last.h5: the tensor transformer.decoder.norm.bias is missing", 0),
            0U);
}

TEST(WeightBinding, AnotherArchitectureIsRefused) {
  const Checkpoint checkpoint = checkpoint_of(test::small_config());
  ModelConfig wider = test::small_config();
  wider.dim_feedforward = 128;
  const std::string shape = refusal([&] { bind_tensors(wider, checkpoint, "last.h5"); });
  EXPECT_NE(shape.find("linear1.weight has the shape [64, 32], this model needs [128, 32]"),
            std::string::npos)
      << shape;
  ModelConfig shorter = test::small_config();
  shorter.dec_layers = 1;
  const std::string left = refusal([&] { bind_tensors(shorter, checkpoint, "last.h5"); });
  EXPECT_NE(left.find("transformer.decoder.layers.1.self_attn.in_proj_weight belongs to no part"),
            std::string::npos)
      << left;
}

TEST(WeightBinding, ClassesMustAgreeWithTheModel) {
  const test::TempDir folder;
  Checkpoint checkpoint = checkpoint_of(test::small_config());
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
  model.classes = {"bag", "coat", "shirt"};
  EXPECT_NO_THROW(require_same_classes(model, {"bag", "coat", "shirt"}, "set"));
  EXPECT_EQ(refusal([&] {
              require_same_classes(model, {"bag", "dress", "shirt"}, "set");
            }).rfind("set: class 1 is 'dress', in the model best.h5 it is 'coat'", 0),
            0U);
  EXPECT_EQ(refusal([&] {
              require_same_classes(model, {"bag"}, "set");
            }).rfind("set: has 1 classes, the model best.h5 has 3", 0),
            0U);
}

}  // namespace
}  // namespace intr
