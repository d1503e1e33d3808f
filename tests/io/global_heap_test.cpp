// SPDX-License-Identifier: Apache-2.0
#include "intr/io/global_heap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "intr/core/error.h"

namespace intr::hdf5 {
namespace {

using testing::HasSubstr;

/// A file of 4 filler bytes and a heap with the objects 1 "ant" and 2 "beetle".
std::string sample() {
  std::string bytes = "fill";
  bytes += std::string("GCOL\1\0\0\0\x50\0\0\0\0\0\0\0", 16);  // 80 bytes in all
  bytes += std::string("\1\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0", 16);
  bytes += std::string("ant\0\0\0\0\0", 8);
  bytes += std::string("\2\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0", 16);
  bytes += std::string("beetle\0\0", 8);
  bytes += std::string(16, '\0');  // the free rest
  return bytes;
}

std::string read(const std::string& bytes, std::uint32_t length, std::uint64_t address,
                 std::uint32_t object) {
  std::array<std::byte, GlobalHeap::kReferenceBytes> element = {};
  std::memcpy(element.data(), &length, 4);
  std::memcpy(element.data() + 4, &address, 8);
  std::memcpy(element.data() + 12, &object, 4);
  GlobalHeap heap(
      [&](std::uint64_t offset, std::span<std::byte> out) {
        ASSERT_LE(offset + out.size(), bytes.size());  // never asks beyond the file
        std::memcpy(out.data(), bytes.data() + offset, out.size());
      },
      bytes.size(), "a.h5");
  return heap.string(element);
}

std::string refusal(const std::string& bytes, std::uint32_t length, std::uint64_t address,
                    std::uint32_t object) {
  try {
    return "accepted: " + read(bytes, length, address, object);
  } catch (const DataError& error) {
    return error.what();
  }
}

TEST(GlobalHeap, ReadsStrings) {
  EXPECT_EQ(read(sample(), 3, 4, 1), "ant");
  EXPECT_EQ(read(sample(), 6, 4, 2), "beetle");
  EXPECT_EQ(read(sample(), 2, 4, 2), "be");
  EXPECT_EQ(read(sample(), 0, 0, 0), "");
}

TEST(GlobalHeap, RefusesWhatDoesNotFit) {
  EXPECT_THAT(refusal(sample(), 3, 4, 3), HasSubstr("a.h5: the heap of variable-length strings"));
  EXPECT_THAT(refusal(sample(), 3, 4, 3), HasSubstr("lacks an object"));
  EXPECT_THAT(refusal(sample(), 4, 4, 1), HasSubstr("too short"));
  EXPECT_THAT(refusal(sample(), 3, 5, 1), HasSubstr("GCOL"));
  EXPECT_THAT(refusal(sample(), 3, 1'000, 1), HasSubstr("outside"));
  EXPECT_THAT(refusal(sample(), 3, ~std::uint64_t{0}, 1), HasSubstr("outside"));
  std::string large = sample();
  large[13] = 1;  // claims 336 bytes
  EXPECT_THAT(refusal(large, 3, 4, 1), HasSubstr("wrong size"));
  std::string long_object = sample();
  long_object[28] = 100;
  EXPECT_THAT(refusal(long_object, 3, 4, 1), HasSubstr("leaves it"));
}

TEST(GlobalHeap, SurvivesAnyFlippedByte) {
  for (std::size_t at = 0; at < sample().size(); ++at) {
    for (const int mask : {0xff, 0x01, 0x80}) {
      std::string bytes = sample();
      bytes[at] = static_cast<char>(bytes[at] ^ mask);
      refusal(bytes, 6, 4, 2);
    }
  }
}

}  // namespace
}  // namespace intr::hdf5
