// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/weight_facts.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"
#include "support/legacy_pickle.h"
#include "support/safetensors_file.h"
#include "support/sample_checkpoint.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class WeightFactsTest : public testing::Test {
 protected:
  WeightFacts of_header(const std::map<std::string, std::string>& metadata) {
    test::write_safetensors_file(dir_ / "w.safetensors", {test::zero_tensor("a", {1})}, metadata);
    return facts_of(WeightFile(dir_ / "w.safetensors"));
  }
  WeightFacts of_pickle(const std::string& object) {
    test::write_legacy_pickle(dir_ / "w.pth", object);
    return facts_of(WeightFile(dir_ / "w.pth"));
  }
  WeightFacts of_checkpoint(const Checkpoint& checkpoint) {
    write_checkpoint(dir_ / "w.h5", checkpoint);
    return facts_of(WeightFile(dir_ / "w.h5"));
  }
  test::TempDir dir_;
};

TEST_F(WeightFactsTest, OurCheckpointsSayEverything) {
  Checkpoint checkpoint = test::sample_checkpoint(12);
  checkpoint.config["model"] = {
      {"backbone", "resnet34"},  {"dilation", false}, {"nheads", 4},
      {"dropout", 0.25},         {"image_size", 96},  {"queries_per_class", 2},
      {"query_pooling", "mean"}, {"num_classes", 2}};
  const WeightFacts facts = of_checkpoint(checkpoint);
  EXPECT_EQ(facts.classes->value, checkpoint.classes);
  EXPECT_EQ(facts.nheads->value, 4);
  EXPECT_EQ(facts.nheads->source, "config of the checkpoint");
  EXPECT_EQ(facts.dropout->value, 0.25);
  EXPECT_EQ(facts.image_size->value, 96);
  EXPECT_EQ(facts.queries_per_class->value, 2);
  EXPECT_EQ(facts.query_pooling->value, "mean");
  EXPECT_EQ(facts.num_classes->value, 2);
  EXPECT_FALSE(facts.dilation->value);
  EXPECT_EQ(facts.backbone->value, "resnet34");
  EXPECT_FALSE(facts.enc_layers);
  EXPECT_EQ(facts.step, 12);
}

TEST_F(WeightFactsTest, OurSafetensorsSayItInTheirHeader) {
  const WeightFacts facts = of_header({{"format", "pt"},
                                       {kModelFact, R"({"nheads": 2, "pre_norm": true})"},
                                       {kClassesFact, R"(["wren", "größe"])"},
                                       {kStepFact, "120"}});
  EXPECT_EQ(facts.nheads->value, 2);
  EXPECT_EQ(facts.nheads->source, "header of the file");
  EXPECT_TRUE(facts.pre_norm->value);
  EXPECT_EQ(facts.classes->value, (std::vector<std::string>{"wren", "größe"}));
  EXPECT_EQ(facts.step, 120);
}

TEST_F(WeightFactsTest, OthersSayNothing) {
  const WeightFacts facts = of_header({{"format", "pt"}});
  EXPECT_FALSE(facts.classes);
  EXPECT_FALSE(facts.nheads);
  EXPECT_EQ(facts.step, 0);
  EXPECT_FALSE(of_pickle(test::pickle_dict({})).nheads);
  EXPECT_FALSE(of_pickle(test::pickle_text("args")).nheads);
}

TEST_F(WeightFactsTest, DamagedTextsOfOursAreRefused) {
  EXPECT_THROW(of_header({{kModelFact, "{"}}), DataError);
  EXPECT_THROW(of_header({{kModelFact, "[]"}}), DataError);
  EXPECT_THROW(of_header({{kModelFact, R"({"nheads": "eight"})"}}), DataError);
  EXPECT_THROW(of_header({{kClassesFact, R"({"a": 1})"}}), DataError);
  EXPECT_THROW(of_header({{kClassesFact, "[1]"}}), DataError);
  EXPECT_THROW(of_header({{kStepFact, "12x"}}), DataError);
}

TEST_F(WeightFactsTest, PublishedFilesSayItInTheirArgs) {
  const std::string args = test::pickle_dict({{"nheads", test::pickle_integer(4)},
                                              {"dilation", test::pickle_truth(true)},
                                              {"dropout", test::pickle_integer(0)},
                                              {"hidden_dim", test::pickle_text("wide")},
                                              {"dec_layers", test::pickle_integer(3)},
                                              {"lr", test::pickle_integer(1)}});
  const WeightFacts facts = of_pickle(test::pickle_dict({{"args", args}}));
  EXPECT_EQ(facts.nheads->value, 4);
  EXPECT_EQ(facts.nheads->source, "args of the file");
  EXPECT_TRUE(facts.dilation->value);
  EXPECT_EQ(facts.dropout->value, 0.0);
  EXPECT_EQ(facts.dec_layers->value, 3);
  EXPECT_FALSE(facts.hidden_dim);  // no number
  EXPECT_FALSE(facts.classes);
}

TEST_F(WeightFactsTest, OurPthFilesSayItInADictOfTheirOwn) {
  const std::string classes =
      test::pickle_list({test::pickle_text("wren"), test::pickle_text("robin")});
  const WeightFacts facts = of_pickle(test::pickle_dict(
      {{"intr", test::pickle_dict({{"model", test::pickle_text(R"({"nheads": 2})")},
                                   {"classes", classes},
                                   {"step", test::pickle_integer(9)}})}}));
  EXPECT_EQ(facts.nheads->value, 2);
  EXPECT_EQ(facts.nheads->source, "\"intr\" of the file");
  EXPECT_EQ(facts.classes->value, (std::vector<std::string>{"wren", "robin"}));
  EXPECT_EQ(facts.step, 9);
  const auto with = [](const std::string& key, const std::string& value) {
    return test::pickle_dict({{"intr", test::pickle_dict({{key, value}})}});
  };
  EXPECT_THROW(of_pickle(with("model", test::pickle_integer(1))), DataError);
  EXPECT_THROW(of_pickle(with("model", test::pickle_text("{"))), DataError);
  EXPECT_THROW(of_pickle(with("classes", test::pickle_text("wren"))), DataError);
  EXPECT_THROW(of_pickle(with("classes", test::pickle_list({test::pickle_integer(1)}))), DataError);
}

}  // namespace
}  // namespace intr
