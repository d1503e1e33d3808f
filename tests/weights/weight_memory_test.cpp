// SPDX-License-Identifier: Apache-2.0
// Pickles made to cost far more memory or time than they have bytes. Whatever the file, opening it
// stays under 64 MiB + 16 times the bytes of its pickle.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

#include "intr/io/atomic_file.h"
#include "support/child.h"
#include "support/temp_dir.h"
#include "weights/torch_bytes.h"
#include "weights/weight_corpus.h"

namespace intr {
namespace {

using test::little_endian;
using test::PickleBytes;
using test::repeated;

/// A list of many equal items, given to APPENDS a thousand at a time.
std::string list_of(std::string_view item, std::int64_t count) {
  return "]" + repeated("(" + repeated(item, 1000) + "e", count / 1000);
}

/// A dict of many distinct small keys, each None.
std::string wide_dict(std::int64_t count) {
  std::string opcodes = "}";
  for (std::int64_t i = 0; i < count; ++i) {
    if (i % 1000 == 0) opcodes += i == 0 ? "(" : "u(";
    opcodes += "J" + little_endian(static_cast<std::uint64_t>(i), 4) + "N";
  }
  return opcodes + "u";
}

std::string small_dict() {
  std::string opcodes = "}(";
  for (int i = 0; i < 256; ++i) opcodes += std::string("K") + static_cast<char>(i) + "N";
  return opcodes + "u";
}

/// Memo 0: a constructor, memo 1: what `arguments` push. Leaves nothing on the stack.
std::string call_memo(const std::string& constructor, const std::string& arguments) {
  return PickleBytes().raw(constructor).put(0).raw("0").raw(arguments).put(1).raw("0").opcodes();
}

const std::string kCall("h\0h\1R", 5);             ///< memo 0 of memo 1
const std::string kCallWithOne("h\0h\1\x85R", 6);  ///< memo 0 of a tuple of memo 1

std::string constructor(std::string_view module, std::string_view name) {
  return PickleBytes().global(module, name).opcodes();
}

/// A call that makes a tensor of one value of so many dimensions.
std::string tensor_memo(int dimensions, bool legacy) {
  const std::vector<std::int64_t> ones(static_cast<std::size_t>(dimensions), 1);
  PickleBytes arguments;
  arguments.raw("((").text("storage").global("torch", "FloatStorage").text("0").text("cpu");
  arguments.integer(1)
      .raw(legacy ? "NtQ" : "tQ")
      .integer(0)
      .integers(ones)
      .integers(ones)
      .raw("\x89");
  arguments.global("collections", "OrderedDict").raw(")Rt");
  return call_memo(constructor("torch._utils", "_rebuild_tensor_v2"), arguments.opcodes());
}

std::string memo_of(std::int64_t count) {
  std::string opcodes = "]";
  for (std::int64_t i = 0; i < count; ++i)
    opcodes += "r" + little_endian(static_cast<std::uint64_t>(i), 4);
  return opcodes;
}

std::string many_pairs(std::uint64_t count) {
  std::string opcodes = "](";
  for (std::uint64_t i = 0; i < count; ++i) opcodes += "M" + little_endian(i, 2) + "N\x86";
  return opcodes + "e";
}

/// So many tensors below a key of so many bytes.
std::string long_names(std::int64_t count, std::int64_t bytes, bool legacy) {
  return tensor_memo(0, legacy) + "}" + PickleBytes().text(repeated("k", bytes)).opcodes() + "](" +
         repeated(kCall, count) + "es";
}

std::map<std::string, std::string> costly_pickles(bool legacy) {
  constexpr std::int64_t kMillion = 1'000'000;
  const std::string size_of_many =
      call_memo(constructor("torch", "Size"), "(" + repeated("N", 200'000) + "t");
  const std::string dict_of_many =
      call_memo(constructor("collections", "OrderedDict"), many_pairs(60'000));
  const std::string long_device = call_memo(
      constructor("torch", "device"), PickleBytes().text(std::string(500'000, 'x')).opcodes());
  return {{"empty lists", list_of("]", 8 * kMillion)},
          {"empty dicts", list_of("}", 8 * kMillion)},
          {"empty tuples", list_of(")", 8 * kMillion)},
          {"lists of one item", list_of("]Na", 4 * kMillion)},
          {"tuples of one item", list_of("N\x85", 4 * kMillion)},
          {"integers", list_of("J\x01\x02\x03\x04", kMillion)},
          {"empty texts", list_of({"\x8c\0", 2}, 6 * kMillion)},
          {"dicts of small keys", list_of(small_dict(), 40'000)},
          {"a wide dict", wide_dict(2 * kMillion)},
          {"memo", memo_of(600'000)},
          {"tensors", tensor_memo(0, legacy) + list_of(kCall, 99'000)},
          {"tensors of 8 dimensions", tensor_memo(8, legacy) + list_of(kCall, 99'000)},
          {"a few very long names of tensors", long_names(60, 1 << 20, legacy)},
          {"many long names of tensors", long_names(99'000, 75, legacy)},
          {"many longer names of tensors", long_names(99'000, 600, legacy)},
          {"a list that becomes many dicts", dict_of_many + list_of(kCallWithOne, 50'000)},
          {"a tuple that becomes many sizes", size_of_many + list_of(kCallWithOne, 100'000)},
          {"a text in many devices", long_device + list_of(kCallWithOne, 100'000)}};
}

double in_mib(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

void expect_within_bounds(const std::string& name, const std::string& path, std::int64_t bytes) {
  const test::ChildResult result =
      test::in_child([&] { return test::refusal_to_open(path); },
                     {.memory_bytes = std::int64_t{2} << 30, .cpu_s = 100});
  EXPECT_EQ(result.signal, 0);
  EXPECT_FALSE(result.text.starts_with("exception")) << result.text;
  const std::int64_t bound = (64 << 20) + 16 * bytes;
  std::printf("%-32s %6.2f MiB of pickle, peak %7.2f MiB, bound %7.2f MiB, %5.2f s: %s\n",
              name.c_str(), in_mib(bytes), in_mib(result.peak_bytes), in_mib(bound), result.cpu_s,
              result.text.empty() ? "read" : result.text.substr(path.size(), 100).c_str());
  if (test::kAddressSanitizer) return;
  EXPECT_LT(result.peak_bytes, bound);
  if (bytes < 1 << 20) {
    EXPECT_LT(result.cpu_s, 5);
  }
}

TEST(WeightMemory, OpeningStaysBelowItsBound) {
  const test::TempDir folder;
  const std::string path = folder / "costly.pth";
  for (const bool legacy : {false, true}) {
    for (const auto& [name, opcodes] : costly_pickles(legacy)) {
      SCOPED_TRACE(name);
      const std::string pickle = PickleBytes().raw(opcodes).done();
      const bool tensors = opcodes.find("storage") != std::string::npos;
      write_file(path, legacy ? test::torch_legacy(pickle, tensors ? "data" : "")
                              : test::torch_zip(pickle, {"data"}));
      expect_within_bounds(name, path, std::ssize(pickle));
    }
  }
}

}  // namespace
}  // namespace intr
