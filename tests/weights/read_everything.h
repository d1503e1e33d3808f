// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/weights/weight_file.h"

namespace intr::test {

/// Reads all there is: values, tensors, and the bytes of no tensor.
inline void read_everything(const WeightFile& file) {
  file.for_each_value([](const std::string&, const Value& value) { (void)shown(value); });
  std::vector<std::byte> bytes;
  for (const TensorEntry& entry : file.entries()) {
    bytes.resize(entry.bytes);
    file.read(entry, bytes);
  }
  file.verify();
}

}  // namespace intr::test
