// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "intr/core/exit_code.h"

namespace intr {

/// An error that a user reads: what happened, where, and what to do next. what() is the whole
/// sentence, "WHERE: WHAT. Next: NEXT.", with the parts that are given.
class Error : public std::runtime_error {
 public:
  /// @param what  what is wrong, without a closing period
  /// @param where the file, option, rank or sample; may be empty
  /// @param next  what the user should do; may be empty
  Error(ExitCode code, std::string_view what, std::string_view where, std::string_view next);
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// Wrong options or arguments (exit status 2).
struct UsageError : Error {
  explicit UsageError(std::string_view what, std::string_view where = {},
                      std::string_view next = {})
      : Error(ExitCode::kUsage, what, where, next) {}
};
/// Input that is damaged, missing or does not fit (65).
struct DataError : Error {
  explicit DataError(std::string_view what, std::string_view where = {}, std::string_view next = {})
      : Error(ExitCode::kBadData, what, where, next) {}
};
/// A broken assumption of this program (70).
struct InternalError : Error {
  explicit InternalError(std::string_view what, std::string_view where = {})
      : Error(ExitCode::kBug, what, where, "please report this with the whole log") {}
};
/// Another rank died, hung or disagrees (76).
struct PeerError : Error {
  explicit PeerError(std::string_view what, std::string_view where = {}, std::string_view next = {})
      : Error(ExitCode::kPeerLost, what, where, next) {}
};
/// Training produced values that are not finite, again and again (77).
struct DivergedError : Error {
  explicit DivergedError(std::string_view what, std::string_view where = {},
                         std::string_view next = {})
      : Error(ExitCode::kDiverged, what, where, next) {}
};
/// The configuration, the machine or its disk cannot do this (78).
struct EnvironmentError : Error {
  explicit EnvironmentError(std::string_view what, std::string_view where = {},
                            std::string_view next = {})
      : Error(ExitCode::kEnvironment, what, where, next) {}
};

/// EnvironmentError with the text of an errno value: "cannot ACTION: No such file or directory".
[[noreturn]] void throw_system_error(std::string_view action, const std::string& path,
                                     int error_number);

}  // namespace intr
