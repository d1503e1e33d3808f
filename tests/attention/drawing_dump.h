// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/attention/map_reader.h"
#include "intr/core/hash.h"
#include "intr/image/encode.h"
#include "intr/io/atomic_file.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr::test {

/// A synthetic dump with a folder of pictures that belong to it.
class DrawingDump {
 public:
  /// Sizes follow from the grid: `stride` pixels a cell.
  explicit DrawingDump(SyntheticDump dump = {}) {
    const auto own = dump.adjust;
    dump.adjust = [this, own](DumpSample& sample) {
      if (own) own(sample);
      const std::vector<std::byte> bytes = encode_png(picture(sample));
      sample.image_hash = xxh3_64(bytes);
      const std::string path = images() + "/" + sample.path;
      make_folder(path.substr(0, path.rfind('/')));
      write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    };
    write_synthetic_dump(path(), dump);
  }

  std::string path() const { return folder_ / "dump"; }
  std::string images() const { return folder_ / "images"; }
  std::string out() const { return folder_ / "out"; }
  MapReader open() const { return MapReader::open(path()); }

  /// What a sample's picture shows: a ramp that depends on its id.
  static Image picture(const DumpSample& sample) {
    Image image{sample.source_size, {}};
    for (std::int64_t y = 0; y < image.size.height; ++y)
      for (std::int64_t x = 0; x < image.size.width; ++x)
        for (std::int64_t c = 0; c < 3; ++c)
          image.rgb.push_back(
              static_cast<std::uint8_t>((x + 2 * y + 30 * c + sample.sample_id) % 256));
    return image;
  }

 private:
  TempDir folder_;
};

}  // namespace intr::test
