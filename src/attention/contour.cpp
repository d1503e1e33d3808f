// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/contour.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <opencv2/imgproc.hpp>

#include "intr/core/checked_cast.h"

namespace intr {

namespace {

constexpr double kPlainSide = 800;  // lines grow with larger pictures
constexpr double kRounding = 1e-9;  // sums of equal values may miss a share by less
constexpr int kFractionBits = 4;    // positions that OpenCV draws at: sixteenths of a pixel

const cv::Scalar kRim(16, 16, 16);

/// An outline of a share of the sum; larger sets first, so that smaller ones lie on top.
struct Level {
  double share;
  cv::Scalar color;
  double width;  ///< pixels, in pictures of up to kPlainSide
};
const Level kLevels[] = {{0.9, cv::Scalar(80, 190, 255), 2.0},
                         {0.5, cv::Scalar(255, 255, 255), 3.0}};

/// A straight piece of an outline, in pixels of the picture.
struct Segment {
  double x0, y0, x1, y1;
};

/// Borders of the cells of an axis on the picture, kept inside it so that lines along its sides
/// show.
std::vector<double> borders_of(const CellAxis& axis, std::int64_t pixels, double inset) {
  std::vector<double> borders;
  const double scale = static_cast<double>(pixels) / static_cast<double>(axis.length);
  const double last = std::max(inset, static_cast<double>(pixels) - inset);
  for (std::int64_t r = 0; r <= axis.cells; ++r)
    borders.push_back(std::clamp(axis.edge(r) * scale, inset, last));
  return borders;
}

/// Appends the runs of one line of borders: those places where the cells on its two sides differ.
template <class Differs, class Append>
void append_runs(std::int64_t count, const Differs& differs, const Append& append) {
  for (std::int64_t i = 0; i < count; ++i) {
    if (!differs(i)) continue;
    const std::int64_t first = i;
    while (i < count && differs(i)) ++i;
    append(first, i);
  }
}

std::vector<Segment> outline_of(const std::vector<std::uint8_t>& cells, ImageSize grid,
                                const std::vector<double>& xs, const std::vector<double>& ys) {
  const auto inside = [&](std::int64_t row, std::int64_t column) {
    return row >= 0 && column >= 0 && row < grid.height && column < grid.width &&
           cells[static_cast<std::size_t>(row * grid.width + column)] != 0;
  };
  const auto x = [&](std::int64_t c) { return xs[static_cast<std::size_t>(c)]; };
  const auto y = [&](std::int64_t r) { return ys[static_cast<std::size_t>(r)]; };
  std::vector<Segment> segments;
  for (std::int64_t r = 0; r <= grid.height; ++r)
    append_runs(
        grid.width, [&](std::int64_t c) { return inside(r - 1, c) != inside(r, c); },
        [&](std::int64_t first, std::int64_t last) {
          segments.push_back({x(first), y(r), x(last), y(r)});
        });
  for (std::int64_t c = 0; c <= grid.width; ++c)
    append_runs(
        grid.height, [&](std::int64_t r) { return inside(r, c - 1) != inside(r, c); },
        [&](std::int64_t first, std::int64_t last) {
          segments.push_back({x(c), y(first), x(c), y(last)});
        });
  return segments;
}

void stroke(cv::Mat& picture, const std::vector<Segment>& segments, const cv::Scalar& color,
            int width) {
  // OpenCV counts from pixel centers, we from pixel corners.
  const auto place = [](double corner) {
    return checked_cast<int>(std::lround((corner - 0.5) * (1 << kFractionBits)));
  };
  for (const Segment& s : segments)
    cv::line(picture, cv::Point(place(s.x0), place(s.y0)), cv::Point(place(s.x1), place(s.y1)),
             color, width, cv::LINE_AA, kFractionBits);
}

}  // namespace

std::vector<std::uint8_t> smallest_cell_set(std::span<const float> map, double share) {
  std::vector<std::size_t> order(map.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return map[a] > map[b]; });
  const double wanted = share * std::accumulate(map.begin(), map.end(), 0.0) * (1 - kRounding);
  std::vector<std::uint8_t> cells(map.size(), 0);
  double held = 0;
  for (const std::size_t cell : order) {
    if (held >= wanted) break;
    cells[cell] = 1;
    held += static_cast<double>(map[cell]);
  }
  return cells;
}

void draw_contours(Image& picture, std::span<const float> map, const CellGrid& grid) {
  cv::Mat pixels(checked_cast<int>(picture.size.height), checked_cast<int>(picture.size.width),
                 CV_8UC3, picture.rgb.data());
  const auto longest = static_cast<double>(std::max(picture.size.height, picture.size.width));
  const double growth = std::max(1.0, longest / kPlainSide);
  for (const Level& level : kLevels) {
    const int width = checked_cast<int>(std::lround(level.width * growth));
    const double inset = static_cast<double>(width) / 2 + 2;  // with its rim
    const std::vector<double> xs = borders_of(grid.columns, picture.size.width, inset);
    const std::vector<double> ys = borders_of(grid.rows, picture.size.height, inset);
    const std::vector<Segment> segments =
        outline_of(smallest_cell_set(map, level.share), grid.cells(), xs, ys);
    stroke(pixels, segments, kRim, width + 2);
    stroke(pixels, segments, level.color, width);
  }
}

}  // namespace intr
