// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "intr/io/atomic_file.h"
#include "support/run_program.h"
#include "tiny_source.h"

namespace intr::test {

/// Two grey pictures of 2 rows and 3 columns, labels 1 and 0, as idx files of the split train.
inline void make_tiny_idx(const std::string& path) {
  const auto number = [](int value) {
    return std::string({0, 0, static_cast<char>(value >> 8), static_cast<char>(value)});
  };
  put(path + "/train-images-idx3-ubyte",
      number(0x803) + number(2) + number(2) + number(3) + "0123456789ab");
  put(path + "/train-labels-idx1-ubyte", number(0x801) + number(2) + std::string("\1\0", 2));
}

/// A tiny image folder, and intr-pack as a user runs it.
class PackedSetTest : public testing::Test {
 protected:
  PackedSetTest() { make_tiny_source(root); }
  static ProgramResult run(const std::string& arguments) {
    return run_program(quoted(INTR_PACK_PROGRAM) + " " + arguments);
  }
  void pack(const std::string& more = "") {
    const ProgramResult result =
        run("pack " + quoted(root) + " --out " + quoted(set) + " --quiet " + more);
    ASSERT_EQ(result.exit_code, 0) << result.errors;
  }
  /// "COMMAND 'SET' ARGUMENTS".
  ProgramResult on_set(const std::string& command, const std::string& arguments = "") {
    return run(command + " " + quoted(set) + " " + arguments);
  }
  /// The object that a command prints with --json.
  nlohmann::ordered_json json_of(const std::string& command, const std::string& arguments = "",
                                 int exit_code = 0) {
    const ProgramResult result = on_set(command, arguments + " --json");
    EXPECT_EQ(result.exit_code, exit_code) << result.errors;
    return nlohmann::ordered_json::parse(result.output, nullptr, false);
  }
  static void expect_refused(const ProgramResult& result, int code, const std::string& part) {
    EXPECT_EQ(result.exit_code, code) << result.errors;
    EXPECT_NE(result.errors.find(part), std::string::npos) << result.errors;
  }
  /// Every command that reads a set answers the same way where there is none, or half of one.
  void expect_damage_is_refused(const std::string& command, const std::string& arguments) {
    expect_refused(run(command + " " + quoted(folder / "none") + " " + arguments), 65,
                   "no such folder");
    expect_refused(run(command + " " + quoted(root) + " " + arguments), 65, "no packed data set");
    const std::string index = set + "/val.index.h5";
    const std::string whole = read_file(index);
    write_file(index, whole.substr(0, whole.size() / 2));
    expect_refused(on_set(command, arguments), 65, "val.index.h5");
    write_file(index, whole);
    expect_refused(run(command + " " + arguments), 2, "SET expected");
    EXPECT_NE(run(command + " --help").output.find("For example"), std::string::npos);
  }
  TempDir folder;
  const std::string root = folder / "my source";
  const std::string set = folder / "my set";
};

}  // namespace intr::test
