// SPDX-License-Identifier: Apache-2.0
#include "intr/train/attempt.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <new>

#include "intr/core/error.h"
#include "intr/core/host_name.h"
#include "intr/core/log.h"
#include "intr/io/atomic_file.h"
#include "intr/train/replica_guard.h"
#include "intr/weights/checkpoint_manifest.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

const char* given_name() {
  const char* given = std::getenv("INTR_ATTEMPT");
  return given != nullptr && *given != '\0' ? given : nullptr;
}

/// Step of the newest checkpoint that stands on disk; -1 if there is none.
std::int64_t durable_step(const std::string& run_folder) {
  const std::string folder = run_folder + "/" + kCheckpointFolder;
  if (!fs::exists(folder)) return -1;
  const auto entries = checkpoint_candidates(folder);
  return entries.empty() ? -1 : entries.front().step;
}

Attempt::Ending ending_of(const std::exception& error) {
  if (const auto* ours = dynamic_cast<const Error*>(&error)) {
    const bool replica = dynamic_cast<const ReplicaError*>(&error) != nullptr;
    return {ours->code(), replica ? Cause::kReplica : cause_of(ours->code()), error.what()};
  }
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr)
    return {ExitCode::kEnvironment, Cause::kConfig, "out of memory"};
  return {ExitCode::kBug, Cause::kBug, error.what()};
}

}  // namespace

const std::string& attempt_name() {
  static const std::string name = [] {
    const char* given = given_name();
    if (given == nullptr)
      return fmt::format("local-{}-{}", ::getpid(), static_cast<std::int64_t>(std::time(nullptr)));
    std::string text = given;
    for (char& c : text) {
      const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
      if (!plain && (c != '.' || &c == text.data())) c = '_';
    }
    return text;
  }();
  return name;
}

Attempt::Attempt(std::string run_folder)
    : run_folder_(std::move(run_folder)), name_(attempt_name()), host_(host_name()) {}

/// One of this name that an earlier start left.
void Attempt::remove_older_record() const {
  std::error_code missing;
  const auto written = fs::last_write_time(record_path(), missing);
  constexpr std::chrono::seconds kClocks(1);  // file systems have clocks of their own
  if (!missing && written < begun_ - kClocks) fs::remove(record_path(), missing);
}

void Attempt::join(Communicator& communicator) {
  joined_ = true;
  rank_ = communicator.rank();
  if (rank_ == 0 && !run_folder_.empty()) {
    std::error_code ignored;  // what cannot be removed is reported when the record is written
    fs::remove(record_path(), ignored);
    fs::remove_all(stall_folder(), ignored);
  }
  name_ = communicator.broadcast_text(name_, 0, {.section = "start"});
}

std::string Attempt::record_path() const { return run_folder_ + "/attempts/" + name_ + ".json"; }

std::string Attempt::stall_folder() const { return run_folder_ + "/attempts/" + name_ + ".stall"; }

bool Attempt::record(const Ending& ending) noexcept {
  try {
    if (run_folder_.empty() || (!fs::exists(run_folder_) && given_name() == nullptr)) return false;
    // The watchdog must not wait for ever for a thread that hangs in a file system.
    const std::unique_lock lock(writing_, std::chrono::seconds(5));
    if (!lock.owns_lock()) return false;
    const nlohmann::ordered_json fields = {{"code", static_cast<int>(ending.code)},
                                           {"cause", word_of(ending.cause)},
                                           {"rank", rank_},
                                           {"host", host_},
                                           {"step", step_.load()},
                                           {"durable_step", durable_step(run_folder_)},
                                           {"message", ending.message}};
    make_folder(run_folder_ + "/attempts");
    if (!joined_) remove_older_record();
    const auto invalid_as_marks = nlohmann::ordered_json::error_handler_t::replace;
    return write_new_file(record_path(), fields.dump(-1, ' ', false, invalid_as_marks) + "\n");
  } catch (const std::exception& error) {
    log::warning("no record of how this attempt ended: {}", error.what());
    return false;
  }
}

ExitCode Attempt::around(const std::function<ExitCode()>& body) {
  try {
    const ExitCode code = body();
    record({code, cause_of(code), {}});
    return code;
  } catch (const std::exception& error) {
    record(ending_of(error));
    throw;
  } catch (...) {
    record({.message = "unexpected failure of unknown kind"});
    throw;
  }
}

}  // namespace intr
