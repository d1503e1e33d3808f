// SPDX-License-Identifier: Apache-2.0
#include "intr/core/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace intr {
namespace {

std::string sentence(std::string_view what, std::string_view where, std::string_view next) {
  std::string text;
  if (!where.empty()) text += fmt::format("{}: ", where);
  text += what;
  if (!next.empty()) text += fmt::format(". Next: {}", next);
  return text;
}

}  // namespace

Error::Error(ExitCode code, std::string_view what, std::string_view where, std::string_view next)
    : std::runtime_error(sentence(what, where, next)), code_(code) {}

void throw_system_error(std::string_view action, const std::string& path, int error_number) {
  const std::string reason = std::generic_category().message(error_number);
  const std::string what = fmt::format("cannot {}: {}", action, reason);
  if (error_number == ENOSPC || error_number == EDQUOT) {
    throw EnvironmentError(what, path,
                           "make room on that file system and run the same command again");
  }
  if (error_number == ENOENT || error_number == ENOTDIR || error_number == EISDIR) {
    throw DataError(what, path, "check the path");
  }
  if (error_number == EFBIG) {
    throw EnvironmentError(what, path,
                           "raise the limit on the size of files (ulimit -f), or use another file "
                           "system, and run the same command again");
  }
  throw EnvironmentError(what, path, "check the path and its permissions");
}

}  // namespace intr
