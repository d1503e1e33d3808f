// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/svg_canvas.h"

#include <gtest/gtest.h>

#include "attention/markup_check.h"
#include "intr/attention/embedded_text.h"

namespace intr {
namespace {

constexpr Tone kTones[] = {Tone::kInk,   Tone::kPale,   Tone::kLine,  Tone::kHeat,  Tone::kBar,
                           Tone::kFirst, Tone::kSecond, Tone::kThird, Tone::kFourth};

TEST(SvgCanvas, NumbersAreShortAndHaveNoNegativeZero) {
  EXPECT_EQ(svg_number(3), "3");
  EXPECT_EQ(svg_number(-0.04), "0");
  EXPECT_EQ(svg_number(12.34), "12.3");
  EXPECT_EQ(svg_number(-1.25), "-1.2");
}

TEST(SvgCanvas, EveryShapeIsWellFormed) {
  SvgCanvas canvas;
  canvas.text({1, 2}, "a<b> & \"c\"", {.size = 11, .anchor = Anchor::kMiddle, .bold = true});
  canvas.turned_text({1, 2}, "<i>", {.anchor = Anchor::kEnd});
  canvas.begin_hint("x < y & \"z\"");
  canvas.rectangle({0, 0, 4, 5}, Tone::kHeat, 0.5);
  canvas.end_hint();
  canvas.line({0, 0}, {1, 1}, {.dashed = true, .round = true, .opacity = 0.5});
  canvas.fill("M0 0L1 1Z", Tone::kFirst, 0.2);
  canvas.dot({3, 3}, 2, Tone::kSecond);
  const std::string svg = canvas.finish(360, 200, "title & more");
  EXPECT_EQ(test::MarkupCheck::fault(svg), "") << svg;
  EXPECT_EQ(test::count_of(svg, "role=\"img\""), 1u);
  EXPECT_NE(svg.find("\n<title>title &amp; more</title>\n"), std::string::npos);
  EXPECT_NE(svg.find("viewBox=\"0 0 360 200\""), std::string::npos);
  EXPECT_EQ(svg.find("<i>"), std::string::npos);
  EXPECT_NE(svg.find("<title>x &lt; y &amp; &quot;z&quot;</title>"), std::string::npos);
}

TEST(SvgCanvas, WidePicturesAreNotShrunk) {
  EXPECT_EQ(SvgCanvas().finish(360, 100, "").find("min-width"), std::string::npos);
  EXPECT_NE(SvgCanvas().finish(612, 100, "").find("style=\"min-width:612px\""), std::string::npos);
}

TEST(SvgCanvas, ReportsChangeEveryTone) {
  for (const Tone tone : kTones) {
    SvgCanvas canvas;
    canvas.dot({0, 0}, 1, tone);
    canvas.line({0, 0}, {1, 1}, {.tone = tone});
    const std::string svg = canvas.finish(1, 1, "");
    for (const std::string kind : {"f-", "s-"}) {
      const std::size_t at = svg.rfind("class=\"" + kind) + 7;
      const std::string name = svg.substr(at, svg.find('"', at) - at);
      EXPECT_NE(embedded_text("report.css").find("." + name + " {"), std::string::npos) << name;
    }
  }
  EXPECT_EQ(series_tone(0), Tone::kFirst);
  EXPECT_EQ(series_tone(5), Tone::kSecond);
}

}  // namespace
}  // namespace intr
