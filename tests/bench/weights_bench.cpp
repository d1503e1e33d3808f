// SPDX-License-Identifier: Apache-2.0
// weights_bench ROUNDS FILE...: how long it takes to read a weight file's bytes, to open it, and to
// read all its tensors as f32, each into fresh memory; and how much memory that takes. The kinds of
// measurement take turns. Prints one line of JSON a file; weights_bench.py calls it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "intr/core/quantile.h"
#include "intr/io/file_range.h"
#include "intr/weights/weight_file.h"
#include "support/child.h"

namespace intr {
namespace {

void read_bytes(const std::string& path) {
  const InputFile file(path);
  const auto bytes = static_cast<std::size_t>(file.size());
  const auto memory = std::make_unique_for_overwrite<std::byte[]>(bytes);
  file.read(0, {memory.get(), bytes});
}

void open_file(const std::string& path) { const WeightFile file(path); }

void load(const std::string& path) {
  const WeightFile file(path);
  std::vector<std::unique_ptr<float[]>> tensors;
  for (const TensorEntry& entry : file.entries()) {
    if (!is_floating(entry.type)) continue;
    const auto count = static_cast<std::size_t>(entry.num_values());
    tensors.push_back(std::make_unique_for_overwrite<float[]>(count));
    file.read_f32(entry, {tensors.back().get(), count});
  }
}

double milliseconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

void measure(const std::string& path, int rounds) {
  std::vector<double> reading, opening, loading;
  for (int i = 0; i <= rounds; ++i) {
    const double read = milliseconds([&] { read_bytes(path); });
    const double open = milliseconds([&] { open_file(path); });
    const double all = milliseconds([&] { load(path); });
    if (i == 0) continue;  // brings the file into the page cache
    reading.push_back(read);
    opening.push_back(open);
    loading.push_back(all);
  }
  const test::ChildResult child = test::in_child([&] {
    load(path);
    return std::string();
  });
  constexpr double kMega = 1e6;
  std::printf(
      "{\"file\": \"%s\", \"mb\": %.1f, \"read_ms\": %.2f, \"open_ms\": %.2f, \"load_ms\": %.2f, "
      "\"load_per_read\": %.3f, \"peak_mb\": %.1f}\n",
      path.c_str(), static_cast<double>(InputFile(path).size()) / kMega, median(reading),
      median(opening), median(loading), median(loading) / median(reading),
      static_cast<double>(child.peak_bytes) / kMega);
}

}  // namespace
}  // namespace intr

int main(int argc, char** argv) {
  for (int i = 2; i < argc; ++i) intr::measure(argv[i], std::max(1, std::atoi(argv[1])));
  return argc > 2 ? 0 : 2;
}
