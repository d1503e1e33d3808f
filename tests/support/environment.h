// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr::test {

/// An environment variable with another value, or without one, for as long as this lives.
class Variable {
 public:
  Variable(std::string name, const std::optional<std::string>& value) : name_(std::move(name)) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    set(value);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { set(before_); }

 private:
  void set(const std::optional<std::string>& value) const {
    if (value)
      ::setenv(name_.c_str(), value->c_str(), 1);
    else
      ::unsetenv(name_.c_str());
  }
  std::string name_;
  std::optional<std::string> before_;
};

/// A job of Slurm, as its programs see it; none if the number is empty.
class InJob {
 public:
  explicit InJob(const std::string& number, const std::string& restarts = {},
                 const std::string& cluster = {})
      : job_("SLURM_JOB_ID", given(number)),
        restarts_("SLURM_RESTART_COUNT", given(restarts)),
        cluster_("SLURM_CLUSTER_NAME", given(cluster)) {}

 private:
  static std::optional<std::string> given(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
  }
  Variable job_, restarts_, cluster_;
};

/// Stands before every other `squeue` of PATH for as long as this lives.
class FakeSqueue {
 public:
  /// @param script of /bin/sh
  explicit FakeSqueue(const std::string& script)
      : path_("PATH", folder_.path() + ":" + std::getenv("PATH")) {
    const std::string file = folder_ / "squeue";
    write_file(file, "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }

 private:
  TempDir folder_;
  Variable path_;
};

}  // namespace intr::test
