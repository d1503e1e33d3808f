// SPDX-License-Identifier: Apache-2.0
// Every limit of a weight file: at its value it is read, one above it is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "intr/io/atomic_file.h"
#include "support/child.h"
#include "support/temp_dir.h"
#include "weights/torch_bytes.h"
#include "weights/weight_corpus.h"

namespace intr {
namespace {

using test::little_endian;
using test::PickleBytes;
using test::PickledTensor;
using test::repeated;
using testing::HasSubstr;

/// A file, and the least value of a limit with which it is read.
struct Bound {
  std::string name;
  std::string file;
  std::int64_t WeightLimits::*limit;
  std::int64_t least;
};

std::string pickle_of(const std::string& opcodes) { return PickleBytes().raw(opcodes).done(); }
std::string zip_of(const std::string& opcodes) { return test::torch_zip(pickle_of(opcodes)); }
std::string legacy_of(const std::string& opcodes) { return test::torch_legacy(pickle_of(opcodes)); }

/// A dict of so many tensors "0", "1", … of one storage.
std::string tensors(int count, const PickledTensor& tensor = {}, bool legacy = false) {
  PickleBytes pickle;
  pickle.raw("}");
  for (int i = 0; i < count; ++i) pickle.text(std::to_string(i)).tensor(tensor, legacy).raw("s");
  return pickle.done();
}

/// A view of one float as so many of them.
PickledTensor spread(std::int64_t values) {
  return {.key = "0", .numel = 1, .size = {values}, .stride = {0}};
}

std::string safetensors(int count, const std::string& shape) {
  std::string header = "{";
  for (int i = 0; i < count; ++i)
    header += (i > 0 ? ",\"" : "\"") + std::to_string(i) + R"(":{"dtype":"F32","shape":)" + shape +
              R"(,"data_offsets":[)" + std::to_string(4 * i) + "," + std::to_string(4 * i + 4) +
              "]}";
  header += "}";
  return little_endian(header.size(), 8) + header +
         std::string(4 * static_cast<std::size_t>(count), 'v');
}

void expect_bound(const Bound& bound) {
  SCOPED_TRACE(bound.name);
  const test::TempDir folder;
  const std::string path = folder / "file";
  write_file(path, bound.file);
  WeightLimits limits;
  limits.*bound.limit = bound.least;
  EXPECT_EQ(test::refusal_to_open(path, limits), "");
  limits.*bound.limit = bound.least - 1;
  EXPECT_THAT(test::refusal_to_open(path, limits), testing::StartsWith(path));
}

TEST(WeightBounds, OfPickles) {
  const std::string listed = "](" + repeated("N", 9) + "e";
  const std::int64_t pickle_bytes = std::ssize(pickle_of(listed));
  const std::string legacy = legacy_of(listed);
  const std::string text = PickleBytes().text(std::string(40, 't')).opcodes();
  const std::string put = "Nr" + little_endian(9, 4);
  for (const Bound& bound : std::vector<Bound>{
           {"pickle bytes, zip", zip_of(listed), &WeightLimits::pickle_bytes, pickle_bytes},
           {"pickle bytes, legacy", legacy, &WeightLimits::pickle_bytes, std::ssize(legacy) - 15},
           {"opcodes", zip_of(listed), &WeightLimits::opcodes, 14},
           {"stack", zip_of(listed), &WeightLimits::stack, 10},
           {"marks", zip_of("(((000N"), &WeightLimits::marks, 3},
           {"memo", zip_of(put), &WeightLimits::memo, 9},
           {"memo gap", zip_of(put), &WeightLimits::memo_gap, 9},
           {"memo gap behind entries",
            zip_of("Nq" + std::string(1, '\0') + "r" + little_endian(9, 4)),
            &WeightLimits::memo_gap, 8},
           {"text, zip", zip_of(text), &WeightLimits::text_bytes, 40},
           {"nesting of lists", zip_of("]]]aa"), &WeightLimits::nesting, 3},
           {"nesting of tuples", zip_of(")\x85\x85"), &WeightLimits::nesting, 3},
           {"leaves and what holds them", zip_of(listed), &WeightLimits::leaves, 10},
           {"containers", zip_of("]0]0]0]"), &WeightLimits::leaves, 4},
           {"bytes of paths", zip_of("}" + text + "Ns"), &WeightLimits::path_bytes, 40},
       })
    expect_bound(bound);
}

TEST(WeightBounds, OfTensors) {
  const PickledTensor four = {.numel = 1, .size = {1, 1, 1, 1}, .stride = {1, 1, 1, 1}};
  const PickledTensor thousand = spread(1000);
  for (const Bound& bound : std::vector<Bound>{
           {"tensors, zip", test::torch_zip(tensors(3, spread(2)), {"data"}),
            &WeightLimits::tensors, 3},
           {"tensors, legacy", test::torch_legacy(tensors(3, spread(2), true), "data"),
            &WeightLimits::tensors, 3},
           {"tensors, safetensors", safetensors(3, "[1]"), &WeightLimits::tensors, 3},
           {"names", test::torch_zip(tensors(3, spread(2)), {"data"}), &WeightLimits::name_bytes,
            3},
           {"dimensions", test::torch_zip(tensors(1, four), {"data"}), &WeightLimits::dimensions,
            4},
           {"dimensions, safetensors", safetensors(1, "[1,1,1,1]"), &WeightLimits::dimensions, 4},
           {"bytes, zip", test::torch_zip(tensors(3, thousand), {"data"}),
            &WeightLimits::tensor_bytes, 12'000},
           {"bytes, legacy", test::torch_legacy(tensors(3, thousand, true), "data"),
            &WeightLimits::tensor_bytes, 12'000},
           {"bytes, safetensors", safetensors(3, "[1]"), &WeightLimits::tensor_bytes, 12},
       })
    expect_bound(bound);
}

TEST(WeightBounds, OfContainersOfFiles) {
  const std::vector<test::ZipEntry> note = {{"archive/note", std::string(50, 'n')}};
  const std::string zip = test::torch_zip(pickle_of("N"), {}, note);
  std::int64_t directory = 0;
  for (const char* name :
       {"archive/data.pkl", "archive/byteorder", "archive/version", "archive/note"})
    directory += 46 + std::ssize(std::string(name));
  const std::string tensors = safetensors(2, "[1]");
  for (const Bound& bound : std::vector<Bound>{
           {"zip entries", zip, &WeightLimits::zip_entries, 4},
           {"zip directory", zip, &WeightLimits::zip_directory_bytes, directory},
           {"small records", zip, &WeightLimits::small_record_bytes, 50},
           {"safetensors header", tensors, &WeightLimits::safetensors_header_bytes,
            std::ssize(tensors) - 16},
       })
    expect_bound(bound);
}

/// What the file says, under the limits that everybody has.
class UsualBounds : public testing::Test {
 protected:
  std::string refusal_of(const std::string& file) {
    write_file(folder_ / "file", file);
    return test::refusal_to_open(folder_ / "file");
  }
  test::TempDir folder_;
};

TEST_F(UsualBounds, DepthOf64) {
  const auto lists = [](int depth) { return repeated("]", depth) + repeated("a", depth - 1); };
  const auto tuples = [](int depth) {
    std::string opcodes = ")";
    return opcodes += repeated("\x85", depth - 1);
  };
  const auto dicts = [](int depth) {
    return repeated("}K\x01", depth - 1) + "}" + repeated("s", depth - 1);
  };
  // Each list is put into the next before it is filled, so that none is deep when it is made.
  const auto late = [](int depth) {
    std::string opcodes = "]q";
    opcodes += '\0';
    for (int i = 1; i < depth; ++i)
      opcodes += std::string("]q") + static_cast<char>(i) + "a0h" + static_cast<char>(i);
    return opcodes + "0h" + std::string(1, '\0');
  };
  for (const auto& make :
       std::vector<std::function<std::string(int)>>{lists, tuples, dicts, late}) {
    EXPECT_EQ(refusal_of(zip_of(make(64))), "");
    EXPECT_THAT(refusal_of(zip_of(make(65))), HasSubstr("nested more than 64 deep"));
    EXPECT_EQ(refusal_of(legacy_of(make(64))), "");
    EXPECT_THAT(refusal_of(legacy_of(make(65))), HasSubstr("nested more than 64 deep"));
  }
}

TEST_F(UsualBounds, EightGibibytesOfTensorsAreNotSetAside) {
  constexpr std::int64_t kHalf = std::int64_t{1} << 30;  // 4 GiB of float32
  const auto pair = [](std::int64_t first, std::int64_t second) {
    return test::torch_zip(PickleBytes()
                               .raw("}")
                               .text("a")
                               .tensor(spread(first))
                               .raw("s")
                               .text("b")
                               .tensor(spread(second))
                               .raw("s")
                               .done(),
                           {"data"});
  };
  write_file(folder_ / "most", pair(kHalf, kHalf));
  const test::ChildResult most =
      test::in_child([&] { return test::refusal_to_open(folder_ / "most"); });
  EXPECT_EQ(most.text, "");
  if (!test::kAddressSanitizer) {
    EXPECT_LT(most.peak_bytes, 16 << 20);
  }
  EXPECT_THAT(refusal_of(pair(kHalf, kHalf + 1)),
              HasSubstr("tensors need 8.0 GiB, the limit is 8.0 GiB"));
  EXPECT_THAT(refusal_of(pair(3 * kHalf, 1)), HasSubstr("tensors need 12.0 GiB"));
}

TEST_F(UsualBounds, TwoHundredThousandZipEntries) {
  const auto zip = [](int entries) {
    std::vector<test::ZipEntry> more;
    for (int i = 3; i < entries; ++i) more.push_back({"archive/" + std::to_string(i)});
    return test::torch_zip(pickle_of("N"), {}, more);
  };
  EXPECT_EQ(refusal_of(zip(200'000)), "");
  EXPECT_THAT(refusal_of(zip(200'001)), HasSubstr("200001 entries, at most 200000"));
}

TEST_F(UsualBounds, EightDimensions) {
  const auto of = [](std::size_t dimensions) {
    const std::vector<std::int64_t> ones(dimensions, 1);
    return test::torch_zip(tensors(1, {.numel = 1, .size = ones, .stride = ones}), {"data"});
  };
  EXPECT_EQ(refusal_of(of(8)), "");
  EXPECT_THAT(refusal_of(of(9)), HasSubstr("9 dimensions, at most 8"));
}

TEST_F(UsualBounds, JsonHasOneShapeAlone) {
  const auto nested = [](const std::string& shape) { return safetensors(1, shape); };
  EXPECT_EQ(refusal_of(nested("[1]")), "");
  EXPECT_THAT(refusal_of(nested("[[1]]")), HasSubstr("an array where none belongs"));
}

}  // namespace
}  // namespace intr
