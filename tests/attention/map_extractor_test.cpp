// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_extractor.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "intr/core/error.h"

namespace intr {
namespace {

const std::vector<std::string> kClasses = {"a", "b", "c", "d"};
constexpr std::int64_t kEncoderLayers = 2;

struct Case {
  std::int64_t batch = 2, heads = 3, width = 5, height = 3, columns = 4;
  std::vector<std::int32_t> layers = {0, 1};
  std::vector<ImageSize> valid = {{3, 4}, {2, 3}};
};

IntrOutput random_output(const Case& c) {
  torch::manual_seed(5);
  IntrOutput output;
  output.feature_height = c.height;
  output.feature_width = c.columns;
  output.logits = torch::randn({c.batch, 4});
  output.feature_padding = torch::zeros({c.batch, c.height, c.columns}, torch::kBool);
  for (std::int64_t b = 0; b < c.batch; ++b) {
    output.feature_padding[b].slice(0, c.valid[static_cast<std::size_t>(b)].height).fill_(true);
    output.feature_padding[b].slice(1, c.valid[static_cast<std::size_t>(b)].width).fill_(true);
  }
  for (const std::int32_t layer : c.layers) {
    // Layer 0's queries come once for all images, as the model gives them.
    const std::int64_t copies = layer == 0 ? 1 : c.batch;
    output.captured.push_back({layer, torch::randn({copies, c.heads, 4, c.width}),
                               torch::randn({c.batch, c.heads, c.height * c.columns, c.width}),
                               torch::randn({c.batch, c.heads, c.height * c.columns, c.width})});
  }
  return output;
}

DumpFacts facts_of(const Case& c, MapType type, const std::string& queries) {
  DumpFacts facts;
  facts.class_count = 4;
  facts.head_total = c.heads;
  facts.layer_total = 2;
  facts.layers = c.layers;
  for (std::int32_t n = 0; n < c.heads; ++n) facts.heads.push_back(n);
  facts.num_queries = QuerySelection::parse(queries, kClasses).num_slots();
  facts.type = type;
  return facts;
}

std::vector<MapRecord> extract(const DumpFacts& facts, const std::string& queries,
                               const IntrOutput& output, std::vector<std::int64_t> labels) {
  std::vector<std::int64_t> ids;
  for (std::size_t i = 0; i < labels.size(); ++i) ids.push_back(100 + static_cast<std::int64_t>(i));
  return MapExtractor(facts, QuerySelection::parse(queries, kClasses), false, kEncoderLayers)
      .extract(output, ids, labels);
}

// softmax(q k^T) of one image, layer, head and query, in double and from the definition.
std::vector<double> dense_map(const IntrOutput& output, std::size_t layer, std::int64_t b,
                              std::int64_t head, std::int64_t query, ImageSize valid) {
  const CrossAttentionCapture& capture = output.captured[layer];
  const at::Tensor q =
      capture.query[capture.query.size(0) == 1 ? 0 : b][head][query].to(at::kDouble);
  std::vector<double> map;
  double sum = 0;
  for (std::int64_t row = 0; row < valid.height; ++row)
    for (std::int64_t column = 0; column < valid.width; ++column) {
      const at::Tensor k =
          capture.key[b][head][row * output.feature_width + column].to(at::kDouble);
      map.push_back(std::exp((q * k).sum().item<double>()));
      sum += map.back();
    }
  for (double& value : map) value /= sum;
  return map;
}

TEST(MapExtractor, EqualsADenseSoftmaxOverValidCells) {
  const Case c;
  const IntrOutput output = random_output(c);
  const DumpFacts facts = facts_of(c, MapType::f32, "true,top:2");
  const std::vector<MapRecord> records = extract(facts, "true,top:2", output, {2, -1});
  ASSERT_EQ(records.size(), 2U);
  for (std::size_t b = 0; b < 2; ++b) {
    const DumpSample& sample = records[b].sample;
    EXPECT_EQ(sample.grid, c.valid[b]);
    EXPECT_EQ(sample.grid_full, (ImageSize{3, 4}));
    const std::vector<float> values = decode_block(records[b].blocks[MapField::kMap], MapType::f32);
    ASSERT_EQ(static_cast<std::int64_t>(values.size()),
              facts.elements(MapField::kMap, sample.grid));
    std::size_t at = 0;
    for (std::size_t layer = 0; layer < 2; ++layer)
      for (const std::int32_t query : sample.query)
        for (std::int64_t head = 0; head < c.heads; ++head)
          for (const double expected :
               dense_map(output, layer, static_cast<std::int64_t>(b), head, query, sample.grid))
            ASSERT_NEAR(static_cast<double>(values[at++]), expected, 1e-6);
  }
}

TEST(MapExtractor, ByHand) {
  // One head of width 1, two cells, query 0 = ln 3, keys 1 and 0: weights 3/4 and 1/4.
  IntrOutput output;
  output.feature_height = 1;
  output.feature_width = 2;
  output.logits = torch::tensor({{1.0F, 3.0F, 3.0F, 2.0F}});
  output.feature_padding = torch::zeros({1, 1, 2}, torch::kBool);
  const float ln3 = std::log(3.0F);
  output.captured.push_back({0, torch::tensor({ln3, 0.0F, -ln3, 2 * ln3}).view({1, 1, 4, 1}),
                             torch::tensor({1.0F, 0.0F}).view({1, 1, 2, 1}), at::Tensor()});
  Case c;
  c.heads = 1;
  c.layers = {0};
  const DumpFacts facts = facts_of(c, MapType::f32, "true,top:5");
  const DumpSample sample = extract(facts, "true,top:5", output, {0})[0].sample;
  EXPECT_EQ(sample.query, (std::vector<std::int32_t>{0, 1, 2, 3}));  // C < Q: all four
  EXPECT_EQ(sample.logit, (std::vector<float>{1, 3, 3, 2}));
  EXPECT_EQ(sample.top_class, (std::vector<std::int32_t>{1, 2, 3, 0}));
  EXPECT_EQ(sample.true_rank, 3);
  EXPECT_NEAR(sample.log_z, std::log(std::exp(1.0) + 2 * std::exp(3.0) + std::exp(2.0)), 1e-6);
  const auto values = decode_block(
      extract(facts, "true,top:5", output, {0})[0].blocks[MapField::kMap], MapType::f32);
  const std::vector<float> expected = {0.75F, 0.25F, 0.5F, 0.5F, 0.25F, 0.75F, 0.9F, 0.1F};
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(values[i], expected[i], 1e-6);
}

TEST(MapExtractor, OfSeveralQueriesTheBestSpeaksForItsClass) {
  // Two queries a class. Two cells with keys 1 and 0; query r = r * ln 2: weights 2^r : 1.
  IntrOutput output;
  output.feature_height = 1;
  output.feature_width = 2;
  output.logits = torch::tensor({{5.0F, 1.0F, 7.0F, 3.0F}});
  output.query_logits = torch::tensor({{5.0F, 4.0F, 0.0F, 1.0F, 7.0F, 7.0F, 2.0F, 3.0F}});
  output.feature_padding = torch::zeros({1, 1, 2}, torch::kBool);
  output.captured.push_back({0, (torch::arange(8) * std::log(2.0F)).view({1, 1, 8, 1}),
                             torch::tensor({1.0F, 0.0F}).view({1, 1, 2, 1}), at::Tensor()});
  Case c;
  c.heads = 1;
  c.layers = {0};
  const MapRecord record = extract(facts_of(c, MapType::f32, "all"), "all", output, {-1}).front();
  EXPECT_EQ(record.sample.query, (std::vector<std::int32_t>{0, 1, 2, 3}));
  EXPECT_EQ(record.sample.logit, (std::vector<float>{5, 1, 7, 3}));
  const auto values = decode_block(record.blocks[MapField::kMap], MapType::f32);
  const std::vector<int> rows = {0, 3, 4, 7};  // 4 and 5 are equal: the first
  for (std::size_t slot = 0; slot < rows.size(); ++slot)
    EXPECT_NEAR(values[2 * slot], 1 - 1 / (1 + std::exp2(rows[slot])), 1e-6) << slot;
}

TEST(MapExtractor, HalfPrecisionIsTheRoundedSinglePrecision) {
  const Case c;
  const IntrOutput output = random_output(c);
  const auto single = extract(facts_of(c, MapType::f32, "all"), "all", output, {0, 1});
  const auto half = extract(facts_of(c, MapType::f16, "all"), "all", output, {0, 1});
  for (std::size_t b = 0; b < 2; ++b)
    EXPECT_EQ(
        half[b].blocks[MapField::kMap],
        encode_block(decode_block(single[b].blocks[MapField::kMap], MapType::f32), MapType::f16));
}

TEST(MapExtractor, MeanAndChosenHeads) {
  const Case c;
  const IntrOutput output = random_output(c);
  DumpFacts facts = facts_of(c, MapType::f32, "true");
  const auto all =
      decode_block(extract(facts, "true", output, {0, 1})[0].blocks[MapField::kMap], MapType::f32);
  facts.heads = {2};
  const auto last =
      decode_block(extract(facts, "true", output, {0, 1})[0].blocks[MapField::kMap], MapType::f32);
  facts.heads = {kHeadMean};
  const auto mean =
      decode_block(extract(facts, "true", output, {0, 1})[0].blocks[MapField::kMap], MapType::f32);
  ASSERT_EQ(mean.size(), 24U);  // 2 layers of 12 cells
  for (std::size_t layer = 0; layer < 2; ++layer)
    for (std::size_t cell = 0; cell < 12; ++cell) {
      const auto of_head = [&](std::size_t n) { return all[(layer * 3 + n) * 12 + cell]; };
      EXPECT_EQ(last[layer * 12 + cell], of_head(2));
      EXPECT_NEAR(mean[layer * 12 + cell], (of_head(0) + of_head(1) + of_head(2)) / 3, 1e-7);
    }
}

/// Random attention among the valid cells of each image, as the encoder gives it.
std::vector<at::Tensor> random_encoder(const IntrOutput& output) {
  std::vector<at::Tensor> layers;
  const at::Tensor padding = output.feature_padding.flatten(1);  // [B, S]
  for (std::int64_t l = 0; l < kEncoderLayers; ++l)
    layers.push_back(torch::randn({padding.size(0), padding.size(1), padding.size(1)})
                         .masked_fill(padding.unsqueeze(1), -INFINITY)
                         .softmax(-1));
  return layers;
}

TEST(MapExtractor, MapsAreFollowedBackThroughTheEncoder) {
  const Case c;
  IntrOutput output = random_output(c);
  output.encoder_attention = random_encoder(output);
  DumpFacts facts = facts_of(c, MapType::f32, "true,top:2");
  facts.rollout = true;
  const MapExtractor extractor(facts, QuerySelection::parse("true,top:2", kClasses), false,
                               kEncoderLayers);
  EXPECT_EQ(extractor.forward_options().encoder_layers, (std::vector<std::int64_t>{0, 1}));
  const std::vector<MapRecord> records = extractor.extract(output, {100, 101}, {2, 0});
  for (std::size_t b = 0; b < 2; ++b) {
    // From the definition: a product of whole matrices, over valid cells.
    const ImageSize grid = records[b].sample.grid;
    std::vector<std::int64_t> cells;
    for (std::int64_t row = 0; row < grid.height; ++row)
      for (std::int64_t column = 0; column < grid.width; ++column)
        cells.push_back(row * c.columns + column);
    const at::Tensor valid = torch::tensor(cells);
    at::Tensor whole = torch::eye(grid.area(), torch::kDouble);
    for (const at::Tensor& attention : output.encoder_attention) {
      const at::Tensor a = attention[static_cast<std::int64_t>(b)].to(at::kDouble);
      const at::Tensor inner = a.index_select(0, valid).index_select(1, valid);
      whole = (0.5 * (torch::eye(grid.area(), torch::kDouble) + inner)).matmul(whole);
    }
    const auto tensor = [&](MapField field) {
      return torch::tensor(decode_block(records[b].blocks[field], MapType::f32))
          .view({-1, grid.area()});
    };
    const at::Tensor expected = tensor(MapField::kMap).to(at::kDouble).matmul(whole);
    const at::Tensor back = tensor(MapField::kRollout).to(at::kDouble);
    EXPECT_TRUE(torch::allclose(back, expected, 1e-5, 1e-7));
    EXPECT_FALSE(torch::allclose(back, tensor(MapField::kMap).to(at::kDouble), 1e-2, 1e-2));
  }
}

TEST(MapExtractor, EncoderAttentionIsThatOfValidCells) {
  const Case c;
  IntrOutput output = random_output(c);
  output.encoder_attention = {random_encoder(output)[1]};
  DumpFacts facts = facts_of(c, MapType::f32, "true");
  facts.encoder_layers = {1};
  const MapRecord record = extract(facts, "true", output, {2, 0})[1];  // 2 x 3 of 3 x 4 cells
  const auto values = decode_block(record.blocks[MapField::kEncoder], MapType::f32);
  ASSERT_EQ(values.size(), 36U);
  for (std::int64_t i = 0; i < 36; ++i) {
    const std::int64_t from = i / 6, to = i % 6;
    const auto cell = [](std::int64_t n) { return n / 3 * 4 + n % 3; };
    EXPECT_EQ(values[static_cast<std::size_t>(i)],
              output.encoder_attention[0][1][cell(from)][cell(to)].item<float>());
  }
}

TEST(MapExtractor, ValueMapsAreLengthsOfValueVectors) {
  const Case c;
  IntrOutput output = random_output(c);
  DumpFacts facts = facts_of(c, MapType::f32, "true");
  facts.values = true;
  const auto values_of = [&] {
    return decode_block(extract(facts, "true", output, {2, 0})[1].blocks[MapField::kValue],
                        MapType::f32);
  };
  const auto all = values_of();
  ASSERT_EQ(all.size(), 2U * 3 * 6);  // layers, heads, 2 x 3 cells
  std::size_t at = 0;
  for (std::size_t layer = 0; layer < 2; ++layer)
    for (std::int64_t head = 0; head < c.heads; ++head)
      for (std::int64_t cell = 0; cell < 6; ++cell) {
        const at::Tensor v = output.captured[layer].value[1][head][cell / 3 * 4 + cell % 3];
        EXPECT_NEAR(all[at++], std::sqrt((v * v).sum().item<float>()), 1e-5);
      }
  facts.heads = {kHeadMean};
  EXPECT_NEAR(values_of()[0], (all[0] + all[6] + all[12]) / 3, 1e-5);
  output.captured[0].value[1][0][0][0] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(values_of(), DataError);
}

TEST(MapExtractor, ValuesThatAreNotFiniteNameTheSample) {
  const Case c;
  const DumpFacts facts = facts_of(c, MapType::f16, "true");
  const auto message = [&](const IntrOutput& output) {
    try {
      extract(facts, "true", output, {0, 1});
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string("no DataError");
  };
  IntrOutput bad_logits = random_output(c);
  bad_logits.logits[1][3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(message(bad_logits).find("sample 101: logits"), std::string::npos);
  IntrOutput bad_keys = random_output(c);
  bad_keys.captured[1].key[0][2][5][0] = std::numeric_limits<float>::infinity();
  const std::string text = message(bad_keys);
  EXPECT_NE(text.find("sample 100"), std::string::npos) << text;
  EXPECT_NE(text.find("layer 1, head 2"), std::string::npos) << text;
}

TEST(MapExtractor, ManyQueriesAreComputedInBlocks) {
  // 3 heads x 100,000 cells x 4 bytes: a block holds 55 of the 120 queries.
  torch::manual_seed(1);
  const CrossAttentionCapture capture{0, torch::randn({1, 3, 120, 2}),
                                      torch::randn({1, 3, 100000, 2}), at::Tensor()};
  const at::Tensor all = torch::arange(120).unsqueeze(0);
  const at::Tensor maps = cross_attention_maps(capture, all, at::Tensor());
  ASSERT_EQ(maps.sizes(), (at::IntArrayRef{1, 3, 120, 100000}));
  const at::Tensor one = cross_attention_maps(capture, all.slice(1, 60, 61), at::Tensor());
  EXPECT_TRUE(torch::allclose(maps.slice(2, 60, 61), one, 1e-5, 1e-12));
}

}  // namespace
}  // namespace intr
