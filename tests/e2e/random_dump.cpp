// SPDX-License-Identifier: Apache-2.0
// random_dump FOLDER SAMPLES HEADS ROWS COLUMNS [f16|f32]: writes a dump of random maps without a
// model, for tests/python/score_maps.py and for timing intr-score. Everything follows from the
// numbers given.
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "intr/core/philox.h"
#include "support/synthetic_dump.h"

namespace {

using namespace intr;

double unit(std::int64_t a, std::int64_t b, std::int64_t c) {
  const auto word = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };
  return unit_from_bits(philox4x64({1000, word(a), word(b), word(c)}, {7, 0})[0]);
}

test::SyntheticDump random_dump(std::int64_t samples, std::int64_t heads, ImageSize grid) {
  test::SyntheticDump dump;
  dump.num_samples = samples;
  dump.heads = heads;
  dump.classes.clear();
  for (int c = 0; c < 12; ++c) dump.classes.push_back(fmt::format("class {}, \"{}\"", c, c));
  dump.layers = grid.area() > 100 ? 1 : 2;
  dump.slots = 6;
  dump.piece_samples = 96;
  dump.first_id = 5;
  dump.grids = {grid, {grid.height, grid.width + 1}, {1, 1}, {1, 4}};
  if (grid.area() > 100) dump.grids = {grid};
  dump.adjust = [](DumpSample& sample) {
    const std::int64_t id = sample.sample_id;
    // A little smaller than the grid times 32, resized from some other size.
    for (auto side : {&ImageSize::height, &ImageSize::width}) {
      const std::int64_t tag = side == &ImageSize::height ? 1 : 2;
      sample.resized_size.*side =
          sample.grid.*side * 32 - static_cast<std::int64_t>(31 * unit(id, 0, tag));
      sample.source_size.*side =
          1 + static_cast<std::int64_t>(static_cast<double>(sample.resized_size.*side) *
                                        (0.5 + unit(id, 1, tag)));
    }
    sample.padded_size = sample.resized_size;
    double sum = 0;
    for (std::size_t i = 0; i < sample.top_logit.size(); ++i) {
      const double step = 0.1 + static_cast<double>(i) * (0.2 + unit(id, 2, 0));
      sample.top_logit[i] = static_cast<float>(4 - step);
      for (std::size_t q = 0; q < sample.query.size(); ++q)
        if (sample.query[q] == sample.top_class[i]) sample.logit[q] = sample.top_logit[i];
      sum += std::exp(static_cast<double>(sample.top_logit[i]));
    }
    sample.log_z = static_cast<float>(std::log(sum * (1 + unit(id, 3, 0))));
    if (id % 7 == 0)
      sample.query[sample.query[1] == sample.top_class[0] ? 1 : 2] = 11;  // not the runner-up
  };
  dump.weight = [](const DumpSample& sample, std::int64_t layer, std::int64_t slot,
                   std::int64_t head, std::int64_t row, std::int64_t column) {
    const std::int64_t map = (layer * 16 + slot) * 16 + head;
    const double y = unit(sample.sample_id, map, 0) * static_cast<double>(sample.grid.height) -
                     static_cast<double>(row);
    const double x = unit(sample.sample_id, map, 1) * static_cast<double>(sample.grid.width) -
                     static_cast<double>(column);
    const double noise = unit(sample.sample_id * 4096 + map, row * 64 + column, 5);
    return std::exp(-(x * x + y * y) / (0.5 + 20 * unit(sample.sample_id, map, 2))) +
           0.02 * noise * noise;
  };
  return dump;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    fmt::print(stderr, "random_dump FOLDER SAMPLES HEADS ROWS COLUMNS [f16|f32]\n");
    return 2;
  }
  auto dump = random_dump(std::atoll(argv[2]), std::atoll(argv[3]),
                          {std::atoll(argv[4]), std::atoll(argv[5])});
  dump.type = map_type_of(argc > 6 ? argv[6] : "f16");
  test::write_synthetic_dump(argv[1], dump);
  return 0;
}
