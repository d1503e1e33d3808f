// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <string>

namespace intr::test {

/// Whether `--precision bf16` has to work on this machine's CPU; where not, it has to be refused.
inline bool cpu_takes_bfloat16() {
  std::ifstream facts("/proc/cpuinfo");
  for (std::string word; facts >> word;)
    if (word == "avx512_bf16") return true;
  return false;
}

}  // namespace intr::test
