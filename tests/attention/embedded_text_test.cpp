// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/embedded_text.h"

#include <gtest/gtest.h>

#include <string>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

TEST(EmbeddedText, EqualsTheSources) {
  for (const char* name : {"gallery.html", "gallery.css", "store.js", "paint.js", "state.js",
                           "list.js", "detail.js", "controls.js", "page.js"})
    EXPECT_EQ(embedded_text(name), read_file(std::string(INTR_GALLERY_SOURCES) + "/" + name))
        << name;
  EXPECT_THROW(embedded_text("other.js"), InternalError);
}

}  // namespace
}  // namespace intr
