// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/embedded_text.h"

#include <gtest/gtest.h>

#include <string>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

TEST(EmbeddedText, EqualsTheSources) {
  for (const std::string file :
       {"gallery/gallery.html", "gallery/gallery.css", "gallery/store.js", "gallery/paint.js",
        "gallery/state.js", "gallery/list.js", "gallery/detail.js", "gallery/controls.js",
        "gallery/page.js", "report/report.html", "report/report.css"})
    EXPECT_EQ(embedded_text(file.substr(file.find('/') + 1)),
              read_file(std::string(INTR_ATTENTION_SOURCES) + "/" + file))
        << file;
  EXPECT_THROW(embedded_text("other.js"), InternalError);
}

}  // namespace
}  // namespace intr
