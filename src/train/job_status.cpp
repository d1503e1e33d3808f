// SPDX-License-Identifier: Apache-2.0
#include "intr/train/job_status.h"

#include <fmt/format.h>
#include <stdio.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>

#include "intr/core/printable.h"

namespace intr {
namespace {

/// States in which no process of a job runs. COMPLETING is none of them: processes may still live.
constexpr std::array kIdleStates = {"BOOT_FAIL",    "CANCELLED", "COMPLETED",   "DEADLINE",
                                    "FAILED",       "NODE_FAIL", "PENDING",     "OUT_OF_MEMORY",
                                    "PREEMPTED",    "REQUEUED",  "REQUEUE_FED", "REQUEUE_HOLD",
                                    "SPECIAL_EXIT", "TIMEOUT"};

struct Answer {
  int code = -1;
  std::string text;  ///< both outputs
};

Answer run(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) return {.code = -1, .text = "cannot start a shell"};
  Answer answer;
  std::array<char, 256> block{};
  while (const std::size_t got = std::fread(block.data(), 1, block.size(), pipe))
    answer.text.append(block.data(), got);
  const int status = ::pclose(pipe);
  answer.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return answer;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

bool is_idle(const std::string& state) {
  return std::find(kIdleStates.begin(), kIdleStates.end(), state) != kIdleStates.end();
}

bool is_state(const std::string& word) {
  return std::all_of(word.begin(), word.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
}

}  // namespace

JobStatus ask_scheduler(const std::string& job) {
  // It becomes a word for a shell, and it was read from a file.
  if (job.empty() || job.find_first_not_of("0123456789_") != std::string::npos)
    return {.words = fmt::format("'{}' is no job number", printable(job))};
  // Settings of the user's own lists could hide the job. KILL, as stop signals are blocked here.
  const Answer answer = run(fmt::format(
      "env -u SQUEUE_ACCOUNT -u SQUEUE_NAMES -u SQUEUE_PARTITION -u SQUEUE_QOS -u SQUEUE_STATES "
      "-u SQUEUE_USERS timeout -s KILL 10 squeue -h -j {} -o %T 2>&1",
      job));
  const std::vector<std::string> words = words_of(answer.text);
  const std::string text = printable(fmt::format("{}", fmt::join(words, " ")));
  if (answer.code != 0) {
    if (text.find("Invalid job id") != std::string::npos)
      return {JobStatus::Kind::kEnded, "the scheduler knows it no more"};
    return {JobStatus::Kind::kUnknown, fmt::format("squeue failed with {}: {}", answer.code, text)};
  }
  if (words.empty()) return {JobStatus::Kind::kEnded, "the scheduler lists it no more"};
  if (!std::all_of(words.begin(), words.end(), is_state))
    return {JobStatus::Kind::kUnknown, "squeue says " + text};
  const bool idle = std::all_of(words.begin(), words.end(), is_idle);
  return {idle ? JobStatus::Kind::kEnded : JobStatus::Kind::kRunning, "the scheduler says " + text};
}

std::int64_t restarts_of_job() {
  const char* count = std::getenv("SLURM_RESTART_COUNT");
  return count == nullptr ? 0 : std::strtoll(count, nullptr, 10);
}

}  // namespace intr
