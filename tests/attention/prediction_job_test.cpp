// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/prediction_job.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>
#include <set>
#include <utility>

#include "intr/core/error.h"
#include "intr/data/network_input.h"
#include "intr/data/normalize.h"
#include "intr/data/picture_loader.h"
#include "intr/io/atomic_file.h"
#include "support/model_file.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

constexpr std::int64_t kClasses = 4;
constexpr std::size_t kPictures = 5;

LoadedModel fresh_model(std::int64_t queries_per_class = 1) {
  LoadedModel model;
  model.config = test::tiny_model(kClasses);
  model.config.queries_per_class = queries_per_class;
  model.tensors = initialize_from_scratch(model.config, 7);
  model.path = "model.h5";
  return model;
}

class PredictionJob : public testing::Test {
 protected:
  PredictionJob() {
    torch::set_num_threads(1);
    for (std::size_t i = 0; i < kPictures; ++i) {
      const auto number = static_cast<std::int64_t>(i);
      const ImageSize size = number % 2 == 0 ? ImageSize{20, 30} : ImageSize{24, 24};
      const auto bytes = encode_png(test::tiny_picture(size, number, number % 3));
      options_.pictures.push_back(dir_ / (std::to_string(i) + ".png"));
      write_file(options_.pictures.back(),
                 {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    options_.quiet = true;
    options_.logits = true;
    options_.batch_size = 2;
  }
  std::vector<Prediction> predict(LoadedModel model) const {
    return intr::predict(options_, model, class_names(model, ""), {});
  }
  /// What the model gives for the same batches, in order of the list.
  std::vector<std::vector<float>> direct_logits(LoadedModel model) const {
    const torch::NoGradGuard no_gradients;
    const Intr network(model.config, model.tensors);
    PictureLoader loader(options_.pictures,
                         {{.image_size = model.config.image_size}, options_.batch_size, 1});
    std::vector<std::vector<float>> logits(kPictures);
    while (const auto batch = loader.next()) {
      const at::Tensor rows =
          network.forward(network_input(batch->input, at::kCPU), batch->input.sizes)
              .logits.contiguous();
      for (std::int64_t i = 0; i < rows.size(0); ++i) {
        const float* first = rows[i].const_data_ptr<float>();
        logits[static_cast<std::size_t>(batch->input.rows[static_cast<std::size_t>(i)])].assign(
            first, first + kClasses);
      }
    }
    return logits;
  }

  test::TempDir dir_;
  PredictionOptions options_;
};

TEST_F(PredictionJob, LogitsAreTheModelsToTheLastBit) {
  const auto expected = direct_logits(fresh_model());
  const auto without = predict(fresh_model());
  options_.maps = dir_ / "maps";
  const auto with = predict(fresh_model());
  for (std::size_t i = 0; i < kPictures; ++i) {
    EXPECT_EQ(without[i].path, options_.pictures[i]);
    EXPECT_EQ(without[i].logits, expected[i]) << i;
    EXPECT_EQ(with[i].logits, expected[i]) << i;
    EXPECT_TRUE(without[i].figures.empty());
    EXPECT_EQ(with[i].figures, (std::vector<std::string>{dir_ / ("maps/" + std::to_string(i)) +
                                                         "__predicted-strip.png"}));
    EXPECT_EQ(without[i].classes.size(), 4U);
  }
}

TEST_F(PredictionJob, SeveralQueriesPerClassAreDrawnToo) {
  options_.maps = dir_ / "maps";
  options_.asked = {"class 2", "3"};
  const auto expected = direct_logits(fresh_model(2));
  const auto predictions = predict(fresh_model(2));
  for (std::size_t i = 0; i < kPictures; ++i) {
    EXPECT_EQ(predictions[i].logits, expected[i]);
    EXPECT_EQ(predictions[i].figures.size(), 3U);
  }
}

TEST_F(PredictionJob, TheSamePictureTwiceIsPredictedTwice) {
  options_.pictures = {options_.pictures[0], options_.pictures[0]};
  options_.maps = dir_ / "maps";
  const auto predictions = predict(fresh_model());
  ASSERT_EQ(predictions.size(), 2U);
  EXPECT_EQ(predictions[0].logits, predictions[1].logits);
  EXPECT_NE(predictions[0].figures, predictions[1].figures);
}

TEST_F(PredictionJob, ABadFileDoesNotStopTheOthers) {
  write_file(dir_ / "bad.png", "no picture");
  options_.pictures.insert(options_.pictures.begin() + 1, dir_ / "bad.png");
  const auto predictions = predict(fresh_model());
  EXPECT_NE(predictions[1].error.find("bad.png: this is text"), std::string::npos);
  EXPECT_TRUE(predictions[1].classes.empty());
  for (const std::size_t i : {0U, 2U, 3U, 4U, 5U}) EXPECT_EQ(predictions[i].error, "");
}

TEST_F(PredictionJob, NumbersThatAreNotFiniteNameThePicture) {
  LoadedModel model = fresh_model();
  model.tensors.at("presence_vector.bias").detach().fill_(std::numeric_limits<float>::quiet_NaN());
  try {
    predict(std::move(model));
    FAIL() << "predicted";
  } catch (const DataError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("model.h5"), std::string::npos) << text;
    EXPECT_NE(text.find(".png"), std::string::npos) << text;
  }
}

TEST_F(PredictionJob, NamesComeFromTheFileTheModelOrNumbers) {
  LoadedModel model = fresh_model();
  using Names = std::vector<std::string>;
  EXPECT_EQ(class_names(model, ""), (Names{"class 0", "class 1", "class 2", "class 3"}));
  model.classes = {"a", "b", "c", "d"};
  EXPECT_EQ(class_names(model, ""), model.classes);
  write_file(dir_ / "names", "w\nx\ny\nz\n");
  EXPECT_EQ(class_names(model, dir_ / "names"), (Names{"w", "x", "y", "z"}));
  write_file(dir_ / "short", "w\nx\n");
  EXPECT_THROW(class_names(model, dir_ / "short"), DataError);
}

TEST_F(PredictionJob, OptionsThatContradictAreRefused) {
  const auto parse = [](const std::vector<std::string>& words) {
    PredictionOptions options;
    OptionSet set("", "");
    describe(options, set);
    set.parse(words, "");
    validate(options, set);
  };
  EXPECT_NO_THROW(parse({"--model", "m", "a.png"}));
  EXPECT_NO_THROW(parse({"--model", "m", "a.png", "--maps", "d", "--style", "reference"}));
  EXPECT_NO_THROW(parse({"--model", "m", "a.png", "--json", "--logits"}));
  EXPECT_THROW(parse({"--model", "m"}), UsageError);
  EXPECT_THROW(parse({"a.png"}), UsageError);
  EXPECT_THROW(parse({"--model", "m", "a.png", "--logits"}), UsageError);
  EXPECT_THROW(parse({"--model", "m", "a.png", "--top", "0"}), UsageError);
  EXPECT_THROW(parse({"--model", "m", "a.png", "--style", "reference"}), UsageError);
  EXPECT_THROW(parse({"--model", "m", "a.png", "--maps", "d", "--scale", "shared"}), UsageError);
  EXPECT_THROW(parse({"--model", "m", "a.png", "--maps", "d", "--style", "old"}), UsageError);
}

TEST_F(PredictionJob, NetworkInputIsNormalizedAndChannelsLast) {
  PictureLoader loader({options_.pictures[0]}, {{.image_size = 48}, 1, 1});
  const MicroBatch batch = std::move(loader.next()->input);
  const at::Tensor input = network_input(batch, at::kCPU);
  ASSERT_EQ(input.sizes(), (std::vector<std::int64_t>{1, 3, 48, 72}));
  EXPECT_TRUE(input.is_contiguous(at::MemoryFormat::ChannelsLast));
  std::vector<float> expected(static_cast<std::size_t>(input.numel()));
  normalize_into(batch, expected);
  EXPECT_EQ(input[0][1][2][3].item<float>(), expected[(2 * 72 + 3) * 3 + 1]);
}

}  // namespace
}  // namespace intr
