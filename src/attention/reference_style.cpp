// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/reference_style.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "intr/core/checked_cast.h"

namespace intr {

namespace {

constexpr double kScale = 0.8;
constexpr int kBlur = 15;  // side of both filters

/// A blue-green-red copy.
cv::Mat to_opencv(const Image& image) {
  const cv::Mat rgb(checked_cast<int>(image.size.height), checked_cast<int>(image.size.width),
                    CV_8UC3, const_cast<std::uint8_t*>(image.rgb.data()));
  cv::Mat bgr;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  return bgr;
}

Image from_opencv(const cv::Mat& bgr) {
  Image image{{bgr.rows, bgr.cols}, {}};
  image.rgb.resize(static_cast<std::size_t>(image.size.area()) * 3);
  cv::Mat rgb(bgr.rows, bgr.cols, CV_8UC3, image.rgb.data());
  cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
  return image;
}

/// Levels 0 to 255 between the least and the largest value.
cv::Mat normalize(const cv::Mat& heat) {
  double least = 0, largest = 0;
  cv::minMaxLoc(heat, &least, &largest);
  cv::Mat levels = cv::Mat::zeros(heat.rows, heat.cols, CV_8UC1);
  const auto low = static_cast<float>(least);
  const float range = static_cast<float>(largest) - low;
  if (!(range > 0)) return levels;
  for (int y = 0; y < heat.rows; ++y) {
    const float* values = heat.ptr<float>(y);
    std::uint8_t* out = levels.ptr<std::uint8_t>(y);
    for (int x = 0; x < heat.cols; ++x)
      out[x] = static_cast<std::uint8_t>((values[x] - low) / range * 255.0F);
  }
  return levels;
}

}  // namespace

Image reduce_for_reference(const Image& photo) {
  // An empty target size is part of the recipe: with a given one OpenCV would derive another scale.
  cv::Mat small;
  cv::resize(to_opencv(photo), small, cv::Size(), kScale, kScale, cv::INTER_LINEAR);
  return from_opencv(small);
}

ReferenceOverlay draw_reference_overlay(const Image& reduced, std::span<const float> map,
                                        ImageSize grid) {
  const cv::Mat cells(checked_cast<int>(grid.height), checked_cast<int>(grid.width), CV_32FC1,
                      const_cast<float*>(map.data()));
  ReferenceOverlay overlay{reduced};
  const auto [least, largest] = std::minmax_element(map.begin(), map.end());
  overlay.constant_map = *least == *largest;
  cv::Mat levels = cv::Mat::zeros(checked_cast<int>(reduced.size.height),
                                  checked_cast<int>(reduced.size.width), CV_8UC1);
  if (!overlay.constant_map) {  // enlarging a constant leaves rounding noise, which is no heat
    cv::Mat heat;
    cv::resize(cells, heat, levels.size(), 0, 0, cv::INTER_CUBIC);
    levels = normalize(heat);
  }
  cv::Mat colors, smooth;
  cv::applyColorMap(levels, colors, cv::COLORMAP_JET);
  cv::medianBlur(colors, smooth, kBlur);
  cv::GaussianBlur(smooth, colors, cv::Size(kBlur, kBlur), 0);
  const Image heat_picture = from_opencv(colors);
  for (std::size_t i = 0; i < overlay.picture.rgb.size(); ++i)
    overlay.picture.rgb[i] =
        static_cast<std::uint8_t>((int{overlay.picture.rgb[i]} + int{heat_picture.rgb[i]}) >> 1);
  return overlay;
}

}  // namespace intr
