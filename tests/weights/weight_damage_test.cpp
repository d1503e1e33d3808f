// SPDX-License-Identifier: Apache-2.0
// Good files cut at every byte, and with every byte changed: an error or, where nothing can tell,
// other values; never a crash, and nothing but a DataError.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"
#include "support/memory_file.h"
#include "weights/weight_corpus.h"

namespace intr {
namespace {

/// Says what is in a file: names, shapes, types and bytes of tensors, and values. "refused" if it
/// is.
std::string contents(const std::string& path) {
  try {
    const WeightFile file(path);
    Hash128 hash;
    file.for_each_value(
        [&](const std::string& name, const Value& value) { hash.add(name).add(shown(value)); });
    for (const TensorEntry& entry : file.entries()) {
      std::vector<std::byte> bytes(entry.bytes);
      file.read(entry, bytes);
      hash.add(entry.name).add(entry.type_name).add(bytes);
      for (const std::int64_t size : entry.shape) hash.add(static_cast<std::uint64_t>(size));
    }
    file.verify();
    return hash.hex();
  } catch (const DataError&) {
    return "refused";
  }
}

class Damage : public testing::TestWithParam<const char*> {
 protected:
  const std::string whole_ = read_file(std::string(INTR_CORPUS) + "/good/" + GetParam());
  const test::MemoryFile file_{whole_};
  const bool checksums_ = whole_.starts_with("PK");  ///< zip files alone have them
};

TEST_P(Damage, CutAnywhereIsRefused) {
  ASSERT_NE(contents(file_.path()), "refused");
  ASSERT_GT(whole_.size(), 1000U);
  for (std::size_t size = whole_.size(); size-- > 0;) {
    file_.cut(size);
    ASSERT_EQ(contents(file_.path()), "refused") << "cut at byte " << size;
  }
}

TEST_P(Damage, ChangedBytesAreRefusedOrReadAsOtherValues) {
  const std::string good = contents(file_.path());
  std::size_t refused = 0;
  std::size_t other = 0;
  for (std::size_t at = 0; at < whole_.size(); ++at) {
    for (const int change : {0x01, 0x80, 0xff}) {
      file_.write(at, std::string(1, static_cast<char>(whole_[at] ^ change)));
      const std::string found = contents(file_.path());
      refused += found == "refused" ? 1U : 0U;
      other += found != "refused" && found != good ? 1U : 0U;
      ASSERT_FALSE(checksums_ && found != "refused" && found != good)
          << "byte " << at << " ^ " << change << " went unnoticed";
    }
    file_.write(at, std::string(1, whole_[at]));
  }
  EXPECT_EQ(contents(file_.path()), good);
  EXPECT_GT(refused, whole_.size());
  EXPECT_EQ(other > 0, !checksums_);
}

INSTANTIATE_TEST_SUITE_P(Formats, Damage,
                         testing::Values("kinds_legacy.pth", "kinds_zip.pth", "kinds_unaligned.pth",
                                         "kinds.safetensors"),
                         [](const auto& given) {
                           std::string name = given.param;
                           name[name.find('.')] = '_';
                           return name;
                         });

}  // namespace
}  // namespace intr
