// SPDX-License-Identifier: Apache-2.0
#include "intr/core/guard.h"

#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <filesystem>
#include <new>

#include "intr/core/error.h"
#include "intr/core/log.h"

namespace intr {

int run_guarded(const std::string& program, const std::function<ExitCode()>& body,
                const std::function<void(int)>& on_failure) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file over the limit is an error of its write, with its name
  ExitCode code = ExitCode::kBug;
  try {
    return static_cast<int>(body());
  } catch (const Error& error) {
    code = error.code();
    log::error("{}: {}", program, error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    code = ExitCode::kEnvironment;
    log::error("{}: {}. Next: check the path and its permissions", program, error.what());
  } catch (const std::bad_alloc&) {
    code = ExitCode::kEnvironment;
    log::error(
        "{}: out of memory. Next: use fewer threads, a smaller micro-batch, or ask for more memory",
        program);
  } catch (const std::exception& error) {
    log::error("{}: unexpected: {}. Next: please report this with the whole log", program,
               error.what());
  } catch (...) {
    log::error(
        "{}: unexpected failure of unknown kind. Next: please report this with the whole log",
        program);
  }
  const int status = static_cast<int>(code);
  if (on_failure) on_failure(status);
  return status;
}

}  // namespace intr
