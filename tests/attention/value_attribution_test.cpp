// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/value_attribution.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <numeric>

#include "intr/core/error.h"
#include "support/looked_at.h"

namespace intr {
namespace {

using test::LookedAt;

const CrossAttentionCapture& last(const LookedAt& seen) { return seen.output.captured[1]; }

/// What cell j adds to the query's cross-attention output, from the definition. @return [D]
at::Tensor moved_by(const LookedAt& seen, std::int64_t query, std::int64_t cell) {
  const CrossAttentionCapture& capture = last(seen);
  const at::Tensor weight =
      seen.model.tensors().at("transformer.decoder.layers.1.multihead_attn.out_proj.weight");
  const at::Tensor padded = seen.output.feature_padding.flatten();
  at::Tensor moved = torch::zeros({32});
  for (std::int64_t head = 0; head < 4; ++head) {
    at::Tensor scores = torch::matmul(capture.key[0][head], capture.query[0][head][query]);
    scores = scores.masked_fill(padded, -INFINITY);
    const float share = torch::softmax(scores, 0)[cell].item<float>();
    const at::Tensor of_head = weight.narrow(1, head * 8, 8);
    moved = moved + share * torch::matmul(of_head, capture.value[0][head][cell]);
  }
  return moved;
}

/// The class's logit with another output of the cross-attention, in double steps.
double logit_at(const LookedAt& seen, std::int64_t query, const at::Tensor& change) {
  const at::NoGradGuard no_grad;
  const CrossAttentionCapture& capture = last(seen);
  return seen.model
      .decode_on(1, capture.state.narrow(1, query, 1), capture.output.narrow(1, query, 1) + change,
                 seen.output)
      .item<double>();
}

TEST(ValueAttribution, IsTheSlopeAlongWhatACellMoves) {
  for (const bool pre_norm : {false, true}) {
    const LookedAt& seen = test::looked_at(pre_norm);
    for (const std::int64_t query : {0, 3}) {
      const ValueAttribution found =
          attribute_values(seen.model, seen.output, last(seen), query, false);
      ASSERT_EQ(found.phi.size(), 48U);  // 6 x 8 cells
      double largest = 0;
      for (std::int64_t cell = 0; cell < 48; cell += 5) {
        const at::Tensor moved = moved_by(seen, query, cell);
        const auto place = static_cast<std::size_t>(cell);
        EXPECT_NEAR(found.length[place], moved.norm().item<double>(), 1e-6);
        if (found.length[place] == 0) continue;
        // Central difference of a large enough step for float32.
        const at::Tensor step = moved / moved.norm() * 0.02;
        const double slope = (logit_at(seen, query, step) - logit_at(seen, query, -step)) / 0.04;
        EXPECT_NEAR(found.phi[place], slope * found.length[place], 2e-3 * found.length[place]);
        largest = std::max(largest, std::abs(found.phi[place]));
      }
      EXPECT_GT(largest, 1e-4);
    }
  }
}

TEST(ValueAttribution, SumsToWhatTheOutputAdds) {
  const LookedAt& seen = test::looked_at();
  const ValueAttribution found = attribute_values(seen.model, seen.output, last(seen), 1, false);
  EXPECT_LT(found.completeness_error, 1e-4);
  EXPECT_NEAR(found.sum, std::accumulate(found.phi.begin(), found.phi.end(), 0.0), 1e-12);
  EXPECT_NEAR(found.sum, found.expected, 1e-5);
  EXPECT_GT(std::abs(found.expected), 1e-3);
  EXPECT_NEAR(std::accumulate(found.mean_map.begin(), found.mean_map.end(), 0.0), 1, 1e-5);
}

TEST(ValueAttribution, PaddedCellsSayNothing) {
  const LookedAt seen(false, {48, 64});
  const ValueAttribution found = attribute_values(seen.model, seen.output, last(seen), 1, false);
  for (std::int64_t row = 0; row < 6; ++row)
    for (std::int64_t column = 0; column < 8; ++column) {
      const auto cell = static_cast<std::size_t>(row * 8 + column);
      const bool valid = row < 3 && column < 4;
      EXPECT_EQ(found.phi[cell] == 0, !valid);
      EXPECT_EQ(found.length[cell] == 0, !valid);
      EXPECT_EQ(found.mean_map[cell] == 0, !valid);
    }
}

TEST(ValueAttribution, RefusesASumThatIsWrong) {
  const LookedAt& seen = test::looked_at();
  CrossAttentionCapture changed = last(seen);
  changed.value = changed.value * 1.01;  // not what the output was made of
  EXPECT_THROW(attribute_values(seen.model, seen.output, changed, 1, false), InternalError);
  EXPECT_NO_THROW(attribute_values(seen.model, seen.output, changed, 1, true));
}

}  // namespace
}  // namespace intr
