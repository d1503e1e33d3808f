// SPDX-License-Identifier: Apache-2.0
// Expected values: the xxhash package of PyPI (xxHash 0.8).
#include "intr/core/hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

static_assert(std::is_nothrow_move_constructible_v<Hash128>);
static_assert(!std::is_copy_constructible_v<Hash128>);

std::vector<std::byte> counting(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i % 251);
  return bytes;
}

TEST(Hash, Xxh3Of64Bits) {
  EXPECT_EQ(xxh3_64(std::string_view("")), 0x2d06800538d394c2U);
  EXPECT_EQ(xxh3_64(std::string_view("abc")), 0x78af5f94892f3950U);
  EXPECT_EQ(xxh3_64(counting(1000)), 0x33ef703fb2b20ed1U);
}

TEST(Hash, Xxh3Of128BitsInAnyPieces) {
  EXPECT_EQ(Hash128().hex(), "99aa06d3014798d86001c324468d497f");
  const std::vector<std::byte> bytes = counting(1000);
  for (const std::size_t piece : {1U, 7U, 256U, 1000U}) {
    Hash128 hash;
    for (std::size_t first = 0; first < bytes.size(); first += piece)
      hash.add(std::span(bytes).subspan(first, std::min(piece, bytes.size() - first)));
    EXPECT_EQ(hash.hex(), "18bf41bc8229e27733ef703fb2b20ed1") << piece;
  }
}

TEST(Hash, TextsCannotRunTogether) {
  EXPECT_EQ(Hash128().add("ab").add("c").hex(), "f2eda2708bcfd51cc05c0ee4c9f60440");
  EXPECT_EQ(Hash128().add("a").add("bc").hex(), "f310f4d71be93bc46456c91685adede6");
}

TEST(Hash, GoesOnAfterHex) {
  Hash128 hash;
  hash.add(std::string_view("ab"));
  EXPECT_NE(hash.hex(), "f2eda2708bcfd51cc05c0ee4c9f60440");
  EXPECT_EQ(hash.add(std::string_view("c")).hex(), "f2eda2708bcfd51cc05c0ee4c9f60440");
}

TEST(Hash, OfAFile) {
  const test::TempDir folder;
  std::vector<std::byte> bytes = counting(1 << 20);
  bytes.push_back(std::byte{'x'});  // one more than the reader's block
  write_file(folder / "f", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  EXPECT_EQ(hash_file(folder / "f"), "4fb7145e29511cabc7dd066b6682ff7f");
  write_file(folder / "empty", "");
  EXPECT_EQ(hash_file(folder / "empty"), "99aa06d3014798d86001c324468d497f");
  EXPECT_THROW(hash_file(folder / "missing"), DataError);
}

TEST(Hash64, InPiecesEqualsAtOnceAndStartsAnew) {
  const std::vector<std::byte> bytes = counting(100'000);
  const std::span<const std::byte> all(bytes);
  Hash64 hash;
  hash.add(all.first(1));
  hash.add(all.subspan(1));
  EXPECT_EQ(hash.take(), xxh3_64(all));
  hash.add(all.first(7));
  EXPECT_EQ(hash.take(), xxh3_64(all.first(7)));
}

}  // namespace
}  // namespace intr
