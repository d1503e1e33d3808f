// SPDX-License-Identifier: Apache-2.0
// Hostile files: each is refused with the fault in the message, in little time and memory, whatever
// it claims to hold. INTR_WEIGHT_CORPUS=FOLDER adds another folder of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "intr/io/atomic_file.h"
#include "support/child.h"
#include "support/temp_dir.h"
#include "weights/torch_bytes.h"
#include "weights/weight_corpus.h"

namespace intr {
namespace {

using test::PickleBytes;
using test::repeated;
using testing::HasSubstr;
using testing::StartsWith;

constexpr test::ChildLimits kFrugal = {.memory_bytes = 256 << 20, .cpu_s = 5};

/// The message with which a child process of small means refuses the file.
std::string frugal_refusal(const std::string& path) {
  const test::ChildResult result = test::in_child([&] { return test::refusal(path); }, kFrugal);
  EXPECT_EQ(result.signal, 0) << path;
  EXPECT_THAT(result.text, StartsWith(path)) << "read to its end, or refused by another error";
  return result.text;
}

TEST(WeightRefusal, RefusesEveryHostileFileAndNamesItsFault) {
  for (const test::WeightCorpus& corpus : test::weight_corpora()) {
    const auto& hostile = corpus.expected.at("hostile");
    EXPECT_GE(test::files_in(corpus.folder + "/hostile"), hostile.size());
    EXPECT_GE(hostile.size(), 130U);
    for (const auto& [name, facts] : hostile.items()) {
      SCOPED_TRACE(name + ": " + facts.at("why").get<std::string>());
      const std::string said = frugal_refusal(corpus.hostile(name));
      EXPECT_THAT(said, HasSubstr(facts.value("says", "")));
      EXPECT_THAT(said, HasSubstr(". Next: "));
    }
  }
}

TEST(WeightRefusal, SaysSomethingOfEachFileOfOurs) {
  const test::WeightCorpus ours = test::weight_corpora().front();
  for (const auto& [name, facts] : ours.expected.at("hostile").items())
    EXPECT_NE(facts.at("says"), "") << name;
}

/// Files too large to be kept, each with a part of what must be said of it.
class LargeHostileFile : public testing::Test {
 protected:
  void expect_refused(const std::string& bytes, const std::string& says) {
    write_file(folder_ / "hostile", bytes);
    EXPECT_THAT(frugal_refusal(folder_ / "hostile"), HasSubstr(says));
  }
  /// As data.pkl of a zip file and as the object of a legacy stream.
  void expect_pickle_refused(const std::string& opcodes, const std::string& says) {
    const std::string pickle = PickleBytes().raw(opcodes).done();
    expect_refused(test::torch_zip(pickle), says);
    expect_refused(test::torch_legacy(pickle), says);
  }

  test::TempDir folder_;
};

TEST_F(LargeHostileFile, AMillionNestedLists) {
  expect_pickle_refused(repeated("]", 1'000'000) + repeated("a", 999'999),
                        "APPEND: containers are nested more than 64 deep");
}

TEST_F(LargeHostileFile, AMillionNestedTuples) {
  std::string opcodes = ")";
  opcodes += repeated("\x85", 1'000'000);
  expect_pickle_refused(opcodes, "TUPLE1: containers are nested more than 64 deep");
}

TEST_F(LargeHostileFile, AMillionMarks) {
  expect_pickle_refused(repeated("(", 1'000'000), "MARK: more than 10000 marks");
}

/// 256 MB of zeros in 260 KB.
TEST_F(LargeHostileFile, ZipBomb) {
  constexpr std::uint32_t kPlain = 256 << 20;
  const std::string plain(kPlain, '\0');
  std::string packed(compressBound(kPlain), '\0');
  uLongf length = packed.size();
  ASSERT_EQ(compress2(reinterpret_cast<Bytef*>(packed.data()), &length,
                      reinterpret_cast<const Bytef*>(plain.data()), kPlain, 9),
            Z_OK);
  packed = packed.substr(2, length - 6);  // without zlib's own header and checksum
  test::PickledTensor tensor;
  tensor.numel = kPlain / 4;
  tensor.size = {kPlain / 4};
  const std::string pickle = PickleBytes().raw("}").text("w").tensor(tensor).raw("s").done();
  expect_refused(test::torch_zip(pickle, {},
                                 {{.name = "archive/data/0",
                                   .content = packed,
                                   .method = 8,
                                   .plain_size = kPlain,
                                   .plain_crc = test::crc32_of(plain)}}),
                 "is compressed (method 8)");
}

TEST_F(LargeHostileFile, NestedJson) {
  std::string header = "{\"weight\":";
  header.append(100'000, '[').append(100'000, ']').append("}");
  expect_refused(test::little_endian(header.size(), 8) + header, "an array where none belongs");
}

}  // namespace
}  // namespace intr
