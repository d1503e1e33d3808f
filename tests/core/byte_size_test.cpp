// SPDX-License-Identifier: Apache-2.0
#include "intr/core/byte_size.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(ByteSize, IsANumberWithAUnit) {
  EXPECT_EQ(parse_bytes("f", "4096"), 4096u);
  EXPECT_EQ(parse_bytes("f", "512MiB"), std::uint64_t{512} << 20);
  EXPECT_EQ(parse_bytes("f", "8GiB"), std::uint64_t{8} << 30);
  for (const char* text : {"", "MiB", "5MB", "-1", "99999999999999GiB"})
    EXPECT_THROW(parse_bytes("f", text), UsageError) << text;
}

TEST(ByteSize, IsShownWithTheUnitThatFits) {
  EXPECT_EQ(shown_bytes(0), "0 B");
  EXPECT_EQ(shown_bytes(1023), "1023 B");
  EXPECT_EQ(shown_bytes(1536), "1.5 KiB");
  EXPECT_EQ(shown_bytes(std::uint64_t{3} << 40), "3.0 TiB");
}

}  // namespace
}  // namespace intr
