// SPDX-License-Identifier: Apache-2.0
// Feeds bytes to a reader of weight files, which must refuse them with a DataError or read them to
// their end. Any other exception, a fault that a sanitizer sees, a slow or a large input is a
// finding. Built four times, see CMakeLists.txt.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/zip_mutator.h"
#include "intr/core/error.h"
#include "intr/weights/weight_file.h"
#include "pickle_machine.h"
#include "support/memory_file.h"
#include "weights/read_everything.h"

namespace intr {
namespace {

WeightLimits small_limits() {
  WeightLimits limits;
  limits.tensor_bytes = 64 << 20;
  // Sanitizers are slow, and a busy machine's clock runs on: the usual numbers would be seconds.
  limits.leaves = 100'000;
  limits.path_bytes = 4 << 20;
  return limits;
}

/// Any file; its first bytes choose the reader.
[[maybe_unused]] void read_file(std::string_view bytes) {
  const test::MemoryFile file(bytes);
  test::read_everything(WeightFile(file.path(), small_limits()));
}

/// A pickle alone.
[[maybe_unused]] void read_pickle(std::string_view bytes, PickleMachine::Form form) {
  const WeightLimits limits = small_limits();
  const auto data = std::as_bytes(std::span(bytes));
  PickleSource source({data.begin(), data.end()}, "input", "pickle");
  ValueTree tree;
  PickleMachine machine(tree, limits, form);
  const Value top = tree.value(machine.run(source));
  for_each_leaf(top, limits, "input",
                [](const std::string&, const Value& leaf) { (void)shown(leaf); });
}

template <class Reader>
void expect_data_error_at_most(const Reader& reader) {
  try {
    reader();
  } catch (const DataError&) {  // nothing else may escape
  }
}

}  // namespace
}  // namespace intr

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
#ifdef INTR_FUZZ_PICKLE
  using Form = intr::PickleMachine::Form;
  for (const Form form : {Form::zip, Form::legacy})
    intr::expect_data_error_at_most([&] { intr::read_pickle(bytes, form); });
#else
  intr::expect_data_error_at_most([&] { intr::read_file(bytes); });
#endif
  return 0;
}

#ifdef INTR_FUZZ_ZIP
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned int seed) {
  return intr::test::mutate_zip(data, size, most, seed, LLVMFuzzerMutate);
}
#endif
