// SPDX-License-Identifier: Apache-2.0
#include "intr/core/sha256.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string_view>
#include <type_traits>

#include "intr/core/error.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

static_assert(std::is_nothrow_move_constructible_v<Sha256>);
static_assert(!std::is_copy_constructible_v<Sha256>);

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
std::string sha256(std::string_view text) { return Sha256().add(bytes_of(text)).hex(); }

// The examples of FIPS 180-4 and NIST's "million a".
constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kMillion = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(Sha256, KnownVectors) {
  EXPECT_EQ(sha256(""), kEmpty);
  EXPECT_EQ(sha256("abc"), kAbc);
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1'000'000, 'a')), kMillion);
}

TEST(Sha256, InPiecesAndOnAfterADigest) {
  Sha256 hash;
  EXPECT_EQ(hash.add(bytes_of("a")).hex(),
            "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
  hash.add(bytes_of("")).add(bytes_of("bc"));
  EXPECT_EQ(hash.hex(), kAbc);
  Sha256 moved(std::move(hash));
  EXPECT_EQ(moved.hex(), kAbc);
}

TEST(Sha256, OfAFile) {
  const test::TempDir folder;
  const std::string path = folder / "a";
  std::ofstream(path) << std::string(1'000'000, 'a');
  EXPECT_EQ(sha256_file(path), kMillion);
  std::ofstream(path, std::ios::app) << std::string(200'000, 'b');  // more than a piece
  EXPECT_EQ(sha256_file(path), sha256(std::string(1'000'000, 'a') + std::string(200'000, 'b')));
  std::ofstream(path, std::ios::trunc).flush();
  EXPECT_EQ(sha256_file(path), kEmpty);
}

TEST(Sha256, OfWhatIsNoFile) {
  const test::TempDir folder;
  EXPECT_THROW(sha256_file(folder / "missing"), DataError);
  EXPECT_THROW(sha256_file(folder.path()), DataError);
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THROW(sha256_file(folder / "pipe"), DataError);  // and does not wait for a writer
}

}  // namespace
}  // namespace intr
