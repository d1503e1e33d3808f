// SPDX-License-Identifier: Apache-2.0
#include "intr/io/exit_record.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <new>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "intr/core/cause.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

bool tells_success(const std::string& path) {
  std::ifstream file(path);
  const auto record = nlohmann::json::parse(file, nullptr, false);
  return record.is_object() && record.value("code", -1) == 0;
}

void record(ExitCode code, const std::string& message) noexcept {
  const char* path = std::getenv("INTR_ATTEMPT_RECORD");
  if (path == nullptr || *path == '\0') return;
  try {
    const nlohmann::ordered_json fields = {{"code", static_cast<int>(code)},
                                           {"cause", word_of(cause_of(code))},
                                           {"message", message}};
    const auto invalid_as_marks = nlohmann::ordered_json::error_handler_t::replace;
    const std::string line = fields.dump(-1, ' ', false, invalid_as_marks) + "\n";
    make_folder(fs::path(path).parent_path());
    if (write_new_file(path, line) || code == ExitCode::kDone || !tells_success(path)) return;
    write_file(path, line);
  } catch (const std::exception& error) {
    log::warning("no record of how this program ended: {}", error.what());
  }
}

}  // namespace

std::function<ExitCode()> recorded(std::function<ExitCode()> body) {
  return [body = std::move(body)] {
    try {
      const ExitCode code = body();
      record(code, {});
      return code;
    } catch (const Error& error) {
      record(error.code(), error.what());
      throw;
    } catch (const std::bad_alloc&) {
      record(ExitCode::kEnvironment, "out of memory");
      throw;
    } catch (const fs::filesystem_error& error) {
      record(ExitCode::kEnvironment, error.what());
      throw;
    } catch (const std::exception& error) {
      record(ExitCode::kBug, error.what());
      throw;
    }
  };
}

}  // namespace intr
