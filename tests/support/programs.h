// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "support/run_program.h"

namespace intr::test {

/// A built program as a word for run_program(), such as program("pack"). Tests that use it are
/// registered with PROGRAMS.
inline std::string program(const std::string& name) {
  std::string path = INTR_PROGRAM_FOLDER;
  path += "/intr-";
  path += name;
  return test::quoted(path);
}

/// The launcher for so many ranks, to stand before program().
inline std::string on_ranks(int ranks) {
  return std::string(INTR_MPI_LAUNCHER) + " " + std::to_string(ranks) + " ";
}

}  // namespace intr::test
