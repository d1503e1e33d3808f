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
  if (bar.middle.empty()) return;
  const int middle_width = text_width(bar.middle, kSmallLetters);
  paper.write(bar.middle, left + (length - middle_width) / 2, top + 26, middle_width + 1,
              kSmallLetters, kPaleInk);
}

int width_of(const TileRow& row) {
  std::int64_t width = kGap * (std::ssize(row.tiles) - 1);
  for (const Tile& tile : row.tiles) width += tile.picture.size.width;
  return checked_cast<int>(width);
}

/// Pixels from the top of a row to its pictures.
int header_of(const TileRow& row) { return kLabelHeight + (row.title.empty() ? 0 : kTitleHeight); }

int height_of(const TileRow& row) {
  std::int64_t tallest = 0;
  for (const Tile& tile : row.tiles) tallest = std::max(tallest, tile.picture.size.height);
  return header_of(row) + checked_cast<int>(tallest);
}

void draw_row(Paper& paper, const TileRow& row, int top, int width) {
  const int pictures_top = top + header_of(row);
  if (!row.title.empty()) paper.write(row.title, kMargin, top + 14, width, kSmallLetters, kInk);
  int left = kMargin;
  for (const Tile& tile : row.tiles) {
    const int tile_width = checked_cast<int>(tile.picture.size.width);
    paper.write(tile.label, left, pictures_top - 6, tile_width, kSmallLetters, kInk);
    paper.paste(tile.picture, left, pictures_top);
    left += tile_width + kGap;
  }
}

}  // namespace

Image compose_figure(const std::vector<TileRow>& rows, const Caption& caption,
                     const std::vector<ColorBar>& bars) {
  int inner = 0;
  int height = kMargin + 2 * kTitleHeight;
  for (const TileRow& row : rows) {
    inner = std::max(inner, width_of(row));
    height += height_of(row) + kMargin;
  }
  const int bars_top = height;
  if (!bars.empty()) height += kBarHeight;
  if (!caption.note.empty()) height += kLabelHeight;
  Paper paper(inner + 2 * kMargin, height);
  paper.fill({kMargin, kMargin + 3, 11, 11},
             cv::Scalar(caption.mark[0], caption.mark[1], caption.mark[2]));
  paper.write(caption.title, kMargin + 19, kMargin + 14, inner - 19, kLargeLetters, kInk);
  paper.write(caption.detail, kMargin, kMargin + kTitleHeight + 12, inner, kSmallLetters, kPaleInk);
  int top = kMargin + 2 * kTitleHeight;
  for (const TileRow& row : rows) {
    draw_row(paper, row, top, inner);
    top += height_of(row) + kMargin;
  }
  const int share = inner / std::max(1, checked_cast<int>(bars.size()));
  const int bar_gap = bars.size() > 1 ? kMargin : 0;
  for (std::size_t i = 0; i < bars.size(); ++i)
    draw_bar(paper, bars[i], kMargin + checked_cast<int>(i) * std::min(share, kBarWidth + 3 * kGap),
             bars_top, share - bar_gap);
  if (!caption.note.empty())
    paper.write(caption.note, kMargin, height - kMargin, inner, kSmallLetters, kPaleInk);
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

Image stack(const std::vector<Image>& pictures) {
  Image column;
  for (const Image& picture : pictures) {
    column.size.width = std::max(column.size.width, picture.size.width);
    column.size.height += picture.size.height;
  }
  column.rgb.assign(static_cast<std::size_t>(column.size.area()) * 3, 0);
  std::uint8_t* row = column.rgb.data();
  for (const Image& picture : pictures)
    for (std::int64_t y = 0; y < picture.size.height; ++y, row += column.size.width * 3)
      std::copy_n(picture.rgb.data() + y * picture.size.width * 3, picture.size.width * 3, row);
  return column;
}

}  // namespace intr
