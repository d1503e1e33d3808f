// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_lock.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <span>
#include <thread>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "intr/io/atomic_file.h"
#include "intr/io/output_file.h"
#include "intr/train/lock_verdict.h"

namespace intr {
namespace {

constexpr std::chrono::milliseconds kDyingPause{50};
constexpr std::chrono::seconds kDyingPatience{60};  // a killed process may wait for its disk
constexpr std::chrono::milliseconds kGuardPause{10};
constexpr std::chrono::seconds kGuardPatience{10};  // who has it reads and writes a few bytes

/// What the lock says now; nothing if there is none.
std::optional<std::string> read_lock(const std::string& path) {
  try {
    return read_file(path);
  } catch (const DataError&) {
    std::error_code ignored;
    const auto type = std::filesystem::symlink_status(path, ignored).type();
    if (type == std::filesystem::file_type::not_found ||
        type == std::filesystem::file_type::regular)  // it has just come, or gone
      return {};
    throw EnvironmentError("this is no file", path,
                           "look what it is; if no job works in this run directory, remove it");
  }
}

/// The holder in a message, whatever the file holds.
std::string shown(const std::string& text) {
  const auto holder = LockHolder::parse(text);
  return holder ? holder->shown() : quoted_name(text);
}

}  // namespace

RunLock::RunLock(const std::string& folder, bool force, std::chrono::milliseconds second_look)
    : path_(folder + "/run.lock") {
  AtomicFile file(path_, me_.token);
  OutputFile out(file.temporary_path());
  out.write(std::as_bytes(std::span(contents_)));
  out.close();
  file.sync();
  lock_.emplace(file.temporary_path());
  lock_->try_take();
  while (!place(file)) {
    const auto found = read_lock(path_);
    if (!found) continue;  // its holder has just left
    const std::string reason = force ? "--take-lock" : require_stale(*found);
    if (!replace(file, *found)) continue;
    log::info("the lock of another job is replaced ({}): {}", reason, shown(*found));
    std::this_thread::sleep_for(second_look);
    const std::string now = read_lock(path_).value_or("");
    if (now != contents_)
      throw EnvironmentError("another job took it at the same moment: " + shown(now), path_,
                             "leave the run to that job, or choose another --out");
    return;
  }
}

/// @return whether there was no lock and this one is there now
bool RunLock::place(const AtomicFile& file) const {
  if (::link(file.temporary_path().c_str(), path_.c_str()) == 0) return true;
  const int error_number = errno;
  if (error_number != EEXIST) throw_system_error("lock", path_, error_number);
  return read_lock(path_) == contents_;  // NFS may do it, lose the answer and try again
}

/// @return why the lock is stale
std::string RunLock::require_stale(const std::string& found) const {
  const auto holder = LockHolder::parse(found);
  if (!holder) {
    throw EnvironmentError(
        fmt::format("it does not say who works in this run directory; its {} bytes begin with {}",
                    found.size(), shown(found)),
        path_, "look whether a job does; if none does, add --take-lock");
  }
  LockVerdict verdict = judge_lock(*holder, me_, is_locked(path_));
  // A launcher is often gone before the ranks that it killed are.
  const auto deadline = std::chrono::steady_clock::now() + kDyingPatience;
  while (verdict.kind == LockVerdict::Kind::kLive && holder->is_dying() &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kDyingPause);
    verdict = judge_lock(*holder, me_, is_locked(path_));
  }
  if (verdict.kind == LockVerdict::Kind::kStale) return verdict.reason;
  throw EnvironmentError(
      fmt::format("another job {} in this run directory ({}): {}",
                  verdict.kind == LockVerdict::Kind::kLive ? "works" : "may work", verdict.reason,
                  holder->shown()),
      path_, "wait for it, end it, or choose another --out; if it is surely gone, add --take-lock");
}

/// @return false if the lock is not any more what was judged
bool RunLock::replace(AtomicFile& file, const std::string& found) const {
  const FileLock only_one = guard();
  if (read_lock(path_) != found) return false;
  file.rename();
  file.sync_folder();
  return true;
}

FileLock RunLock::guard() const {
  FileLock lock(path_ + ".guard");
  const auto deadline = std::chrono::steady_clock::now() + kGuardPatience;
  while (!lock.try_take()) {
    if (std::chrono::steady_clock::now() > deadline)
      throw EnvironmentError("another process keeps it locked", path_ + ".guard",
                             "look for a stopped intr-train on this run directory and end it");
    std::this_thread::sleep_for(kGuardPause);
  }
  return lock;
}

void RunLock::require_held() const {
  const auto found = read_lock(path_);
  if (found == contents_) return;
  throw PeerError(
      found ? "another job took the run over: " + shown(*found) : "the lock of this job is gone",
      path_, "leave the run to that job; nothing more is written by this one");
}

RunLock::~RunLock() {
  try {
    const FileLock only_one = guard();  // nobody replaces it between the look and the removal
    if (read_lock(path_) == contents_) std::filesystem::remove(path_);
  } catch (const std::exception& error) {
    log::warning("the lock stays: {}", error.what());  // it is stale as soon as this process ends
  }
}

}  // namespace intr
