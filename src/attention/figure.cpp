// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/figure.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "intr/core/checked_cast.h"

namespace intr {

namespace {

constexpr int kMargin = 12;
constexpr int kGap = 8;
constexpr int kLabelHeight = 20;
constexpr int kTitleHeight = 24;
constexpr int kBarHeight = 44;
constexpr int kBarWidth = 220;
constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kSmallLetters = 0.42;
constexpr double kLargeLetters = 0.52;

const cv::Scalar kInk(34, 34, 34);
const cv::Scalar kPaleInk(95, 95, 95);

/// One '?' for each character that OpenCV's letters lack.
std::string printed_letters(const std::string& text) {
  std::string letters;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F)
      letters += c;
    else if ((byte & 0xC0) != 0x80)
      letters += '?';
  }
  return letters;
}

int text_width(const std::string& text, double size) {
  int baseline = 0;
  return cv::getTextSize(text, kFont, size, 1, &baseline).width;
}

/// A picture to draw on; channels are red, green, blue.
class Paper {
 public:
  Paper(int width, int height) : image_{{height, width}, {}} {
    image_.rgb.assign(static_cast<std::size_t>(image_.size.area()) * 3, 255);
    mat_ = cv::Mat(height, width, CV_8UC3, image_.rgb.data());
  }

  void paste(const Image& picture, int left, int top) {
    const cv::Mat source(checked_cast<int>(picture.size.height),
                         checked_cast<int>(picture.size.width), CV_8UC3,
                         const_cast<std::uint8_t*>(picture.rgb.data()));
    source.copyTo(mat_(cv::Rect(left, top, source.cols, source.rows)));
  }

  void fill(const cv::Rect& area, const cv::Scalar& color) {
    cv::rectangle(mat_, area, color, cv::FILLED);
  }

  /// Text with its baseline at `bottom`, shrunk and then cut to fit `width`.
  void write(const std::string& text, int left, int bottom, int width, double size,
             const cv::Scalar& color) {
    std::string letters = printed_letters(text);
    while (size > 0.34 && text_width(letters, size) > width) size -= 0.02;
    if (text_width(letters, size) > width) {
      while (!letters.empty() && text_width(letters + "...", size) > width) letters.pop_back();
      letters += "...";
    }
    cv::putText(mat_, letters, cv::Point(left, bottom), kFont, size, color, 1, cv::LINE_AA);
  }

  Image take() { return std::move(image_); }

 private:
  Image image_;
  cv::Mat mat_;
};

void draw_bar(Paper& paper, const ColorBar& bar, int left, int top, int width) {
  const int length = std::min(kBarWidth, width);
  for (int x = 0; x < length; ++x) {
    const Color& color = bar.palette[static_cast<std::size_t>(x * 255 / std::max(1, length - 1))];
    paper.fill({left + x, top, 1, 10}, cv::Scalar(color[0], color[1], color[2]));
  }
  const std::string& end = bar.high;
  const int low_width = std::min(text_width(bar.low, kSmallLetters), length / 2);
  paper.write(bar.low, left, top + 26, low_width + 1, kSmallLetters, kPaleInk);
  const int end_width = std::min(text_width(end, kSmallLetters), length - low_width - 12);
  paper.write(end, left + length - end_width, top + 26, end_width, kSmallLetters, kPaleInk);
}

}  // namespace

Image compose_figure(const std::vector<Tile>& tiles, const Caption& caption, const ColorBar* bar) {
  std::int64_t widths = 0, tallest = 0;
  for (const Tile& tile : tiles) {
    widths += tile.picture.size.width;
    tallest = std::max(tallest, tile.picture.size.height);
  }
  const int inner = checked_cast<int>(widths + kGap * (std::ssize(tiles) - 1));
  const int header = 2 * kTitleHeight;
  const int pictures_top = kMargin + header + kLabelHeight;
  const int height =
      pictures_top + checked_cast<int>(tallest) + kMargin + (bar != nullptr ? kBarHeight : 0);
  Paper paper(inner + 2 * kMargin, height);
  paper.fill({kMargin, kMargin + 3, 11, 11},
             cv::Scalar(caption.mark[0], caption.mark[1], caption.mark[2]));
  paper.write(caption.title, kMargin + 19, kMargin + 14, inner - 19, kLargeLetters, kInk);
  paper.write(caption.detail, kMargin, kMargin + kTitleHeight + 12, inner, kSmallLetters, kPaleInk);
  int left = kMargin;
  for (const Tile& tile : tiles) {
    const int width = checked_cast<int>(tile.picture.size.width);
    paper.write(tile.label, left, pictures_top - 6, width, kSmallLetters, kInk);
    paper.paste(tile.picture, left, pictures_top);
    left += width + kGap;
  }
  if (bar != nullptr)
    draw_bar(paper, *bar, kMargin, pictures_top + checked_cast<int>(tallest) + kMargin, inner);
  return paper.take();
}

Image concatenate(const std::vector<Image>& pictures, std::int64_t gap) {
  Image row;
  for (const Image& picture : pictures) {
    row.size.width += picture.size.width + (row.size.width > 0 ? gap : 0);
    row.size.height = std::max(row.size.height, picture.size.height);
  }
  row.rgb.assign(static_cast<std::size_t>(row.size.area()) * 3, 0);
  std::int64_t left = 0;
  for (const Image& picture : pictures) {
    for (std::int64_t y = 0; y < picture.size.height; ++y)
      std::copy_n(picture.rgb.data() + y * picture.size.width * 3, picture.size.width * 3,
                  row.rgb.data() + (y * row.size.width + left) * 3);
    left += picture.size.width + gap;
  }
  return row;
}

}  // namespace intr
