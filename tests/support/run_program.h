// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "support/temp_dir.h"

namespace intr::test {

/// What a program left behind.
struct ProgramResult {
  int exit_code = -1;  ///< 128 + number of the signal that ended it
  std::string output;  ///< standard output
  std::string errors;  ///< standard error
};

/// A word for the shell: quoted, whatever it holds.
inline std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

/// Runs a shell command to its end and captures what it prints. Quote paths with quoted().
inline ProgramResult run_program(const std::string& command) {
  const TempDir scratch;
  const std::string errors = scratch / "stderr";
  std::FILE* pipe = ::popen(("{ " + command + "\n} 2>" + quoted(errors)).c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  ProgramResult result;
  std::array<char, 4096> block{};
  std::size_t got = 0;
  while ((got = std::fread(block.data(), 1, block.size(), pipe)) > 0)
    result.output.append(block.data(), got);
  const int status = ::pclose(pipe);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::ifstream file(errors, std::ios::binary);
  result.errors.assign(std::istreambuf_iterator<char>(file), {});
  return result;
}

}  // namespace intr::test
