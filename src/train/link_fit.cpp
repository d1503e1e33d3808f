// SPDX-License-Identifier: Apache-2.0
#include "intr/train/link_fit.h"

#include <cmath>
#include <limits>
#include <vector>

#include "intr/core/error.h"
#include "intr/core/quantile.h"

namespace intr {
namespace {

constexpr double kDelta = 0.1;  // relative residual beyond which Huber's loss grows linearly
constexpr int kRounds = 100;    // of reweighting; it settles in a dozen

/// One sample, divided by its time: latency · hops + bytes / bandwidth should be 1.
struct Row {
  double hops = 0;
  double bytes = 0;
  double residual(double latency, double per_byte) const {
    return hops * latency + bytes * per_byte - 1;
  }
};

struct Line {
  double latency = 0;
  double per_byte = 0;
};

/// What a sample would have cost around a ring and along a tree.
struct Ways {
  Row ring, tree;
  const Row& faster(const Line& line) const {
    const bool by_ring =
        ring.residual(line.latency, line.per_byte) <= tree.residual(line.latency, line.per_byte);
    return by_ring ? ring : tree;
  }
};

Ways ways_of(const LinkSample& sample, std::int64_t ranks) {
  // The model itself says how often a link's latency and its bytes count.
  constexpr Link kLatency{1, std::numeric_limits<double>::infinity()}, kBytes{0, 1};
  const double messages = sample.messages / sample.seconds, bytes = sample.bytes / sample.seconds;
  return {{messages * ring_seconds(0, ranks, kLatency), ring_seconds(bytes, ranks, kBytes)},
          {messages * tree_seconds(0, ranks, kLatency), tree_seconds(bytes, ranks, kBytes)}};
}

/// Weighted least squares of both, or of one where the other would be negative.
Line solve(const std::vector<Row>& rows, const std::vector<double>& weights) {
  double hh = 0, hb = 0, bb = 0, h = 0, b = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    hh += weights[i] * row.hops * row.hops;
    hb += weights[i] * row.hops * row.bytes;
    bb += weights[i] * row.bytes * row.bytes;
    h += weights[i] * row.hops;
    b += weights[i] * row.bytes;
  }
  const double determinant = hh * bb - hb * hb;
  if (determinant <= 1e-12 * hh * bb) return {0, b / bb};
  const Line line{(h * bb - b * hb) / determinant, (b * hh - h * hb) / determinant};
  // Without a cost a byte the bandwidth would be infinite: all time then counts as bytes.
  return line.latency < 0 || line.per_byte <= 0 ? Line{0, b / bb} : line;
}

}  // namespace

LinkFit fit_link(std::span<const LinkSample> samples, std::int64_t ranks) {
  if (samples.empty() || ranks < 2) throw InternalError("nothing to fit a link to");
  std::vector<Ways> ways;
  std::vector<Row> rows;
  for (const LinkSample& sample : samples) {
    ways.push_back(ways_of(sample, ranks));
    rows.push_back(ways.back().ring);
  }
  std::vector<double> weights(rows.size(), 1);
  Line line;
  for (int round = 0; round < kRounds; ++round) {
    line = solve(rows, weights);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i] = ways[i].faster(line);
      const double off = std::abs(rows[i].residual(line.latency, line.per_byte));
      weights[i] = off <= kDelta ? 1 : kDelta / off;
    }
  }
  std::vector<double> errors;
  for (const Row& row : rows) errors.push_back(std::abs(row.residual(line.latency, line.per_byte)));
  return {{line.latency, 1 / line.per_byte}, median(errors)};
}

}  // namespace intr
