// SPDX-License-Identifier: Apache-2.0
#include "intr/train/link_fit.h"

#include <gtest/gtest.h>

#include <vector>

namespace intr {
namespace {

constexpr Link kTrue{7e-6, 3e9};

/// As the model has it: small sums along a tree, large ones around a ring.
double seconds(double bytes, std::int64_t ranks) {
  return message_seconds(bytes,
                         {.ranks = ranks, .ranks_per_node = ranks, .node = kTrue, .network = {}});
}

std::vector<LinkSample> sweep(std::int64_t ranks) {
  std::vector<LinkSample> samples;
  for (double bytes = 1024; bytes <= 268'435'456; bytes *= 4)
    samples.push_back({bytes, 1, seconds(bytes, ranks)});
  return samples;
}

TEST(LinkFit, FindsTheLinkThatMadeTheTimes) {
  for (const std::int64_t ranks : {2, 8, 1024}) {
    const LinkFit fit = fit_link(sweep(ranks), ranks);
    EXPECT_NEAR(fit.link.latency_s, kTrue.latency_s, 1e-10);
    EXPECT_NEAR(fit.link.bytes_per_s, kTrue.bytes_per_s, 1e4);
    EXPECT_LT(fit.error, 1e-6);
  }
}

TEST(LinkFit, OneDisturbedSizeDoesNotBendTheLine) {
  for (const std::size_t disturbed : {0u, 4u, 9u}) {
    std::vector<LinkSample> samples = sweep(2);
    samples[disturbed].seconds *= 10;
    const LinkFit fit = fit_link(samples, 2);
    EXPECT_NEAR(fit.link.latency_s / kTrue.latency_s, 1, 0.1) << disturbed;
    EXPECT_NEAR(fit.link.bytes_per_s / kTrue.bytes_per_s, 1, 0.1) << disturbed;
    EXPECT_LT(fit.error, 0.1);
  }
}

TEST(LinkFit, CountsMessages) {
  std::vector<LinkSample> samples = sweep(4);
  samples.push_back({64e6, 8, 8 * seconds(8e6, 4)});
  EXPECT_LT(fit_link(samples, 4).error, 1e-6);
}

TEST(LinkFit, GivesALinkWhateverTheTimesAre) {
  const std::vector<LinkSample> flat = {{1024, 1, 1e-3}, {4096, 1, 1e-3}, {16384, 1, 1e-3}};
  const std::vector<LinkSample> falling = {{1024, 1, 1e-3}, {4096, 1, 1e-4}};
  const std::vector<LinkSample> steep = {{1024, 1, 1e-6}, {1048576, 1, 10}};
  for (const auto& samples : {flat, falling, steep, std::vector<LinkSample>{{1024, 1, 1e-3}}}) {
    const LinkFit fit = fit_link(samples, 2);
    EXPECT_GE(fit.link.latency_s, 0);
    EXPECT_GT(fit.link.bytes_per_s, 0);
    EXPECT_LT(fit.link.bytes_per_s, 1e18);
  }
}

}  // namespace
}  // namespace intr
