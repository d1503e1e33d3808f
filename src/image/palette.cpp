// SPDX-License-Identifier: Apache-2.0
#include "intr/image/palette.h"

#include <fmt/format.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "intr/core/error.h"

namespace intr {

namespace {

struct NamedPalette {
  const char* name;
  int opencv_map;  ///< -1: plain gray
};

constexpr std::array<NamedPalette, 5> kPalettes = {{{"inferno", cv::COLORMAP_INFERNO},
                                                    {"viridis", cv::COLORMAP_VIRIDIS},
                                                    {"cividis", cv::COLORMAP_CIVIDIS},
                                                    {"grey", -1},
                                                    {"jet", cv::COLORMAP_JET}}};

/// Blue, white, red: linear in CIELAB between three published colors.
Palette diverging() {
  cv::Mat ends(1, 3, CV_32FC3), lab;
  ends.at<cv::Vec3f>(0, 0) = cv::Vec3f(0x21, 0x66, 0xac) / 255.0F;
  ends.at<cv::Vec3f>(0, 1) = cv::Vec3f(0xf7, 0xf7, 0xf7) / 255.0F;
  ends.at<cv::Vec3f>(0, 2) = cv::Vec3f(0xb2, 0x18, 0x2b) / 255.0F;
  cv::cvtColor(ends, lab, cv::COLOR_RGB2Lab);
  cv::Mat steps(1, 256, CV_32FC3), rgb;
  for (int i = 0; i < 256; ++i) {
    const float place = static_cast<float>(i) / 127.5F;
    const int first = place < 1 ? 0 : 1;
    const float part = place - static_cast<float>(first);
    steps.at<cv::Vec3f>(0, i) =
        lab.at<cv::Vec3f>(0, first) * (1 - part) + lab.at<cv::Vec3f>(0, first + 1) * part;
  }
  cv::cvtColor(steps, rgb, cv::COLOR_Lab2RGB);
  Palette palette;
  for (int i = 0; i < 256; ++i)
    for (int c = 0; c < 3; ++c)
      palette[static_cast<std::size_t>(i)][static_cast<std::size_t>(c)] =
          cv::saturate_cast<std::uint8_t>(rgb.at<cv::Vec3f>(0, i)[c] * 255.0F);
  return palette;
}

}  // namespace

const std::vector<std::string>& palette_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const NamedPalette& palette : kPalettes) all.emplace_back(palette.name);
    return all;
  }();
  return names;
}

Palette palette_named(const std::string& name) {
  if (name == "diverging") return diverging();
  const auto* found = std::find_if(kPalettes.begin(), kPalettes.end(),
                                   [&](const NamedPalette& one) { return one.name == name; });
  if (found == kPalettes.end())
    throw UsageError(fmt::format("there is no palette '{}'", name), {},
                     fmt::format("use one of: {}", fmt::join(palette_names(), ", ")));
  cv::Mat levels(1, 256, CV_8UC1);
  for (int i = 0; i < 256; ++i) levels.at<std::uint8_t>(0, i) = static_cast<std::uint8_t>(i);
  cv::Mat colors;
  if (found->opencv_map >= 0)
    cv::applyColorMap(levels, colors, found->opencv_map);
  else
    cv::cvtColor(levels, colors, cv::COLOR_GRAY2BGR);
  Palette palette;
  for (int i = 0; i < 256; ++i) {
    const auto& bgr = colors.at<cv::Vec3b>(0, i);
    palette[static_cast<std::size_t>(i)] = {bgr[2], bgr[1], bgr[0]};
  }
  return palette;
}

}  // namespace intr
