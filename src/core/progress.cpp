// SPDX-License-Identifier: Apache-2.0
#include "intr/core/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "intr/core/byte_size.h"
#include "intr/core/log.h"
#include "intr/core/shown_duration.h"

namespace intr {

Progress::Progress(std::string label, std::int64_t total, std::string unit, bool enabled)
    : label_(std::move(label)),
      total_(total),
      unit_(std::move(unit)),
      enabled_(enabled && !log::quiet()),
      terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (enabled_ && terminal_ && !finished_ && done_ > 0) std::fputc('\n', stderr);
}

void Progress::advance(std::int64_t count) {
  done_ += count;
  show_if_due();
}

void Progress::reach(std::int64_t done, std::int64_t bytes) {
  done_ = done;
  bytes_ = bytes;
  show_if_due();
}

void Progress::show_if_due() {
  if (!enabled_) return;
  const auto pause = terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(30'000);
  if (Clock::now() - shown_ >= pause) show(false);
}

void Progress::finish() {
  if (!enabled_ || finished_) return;
  show(true);
  finished_ = true;
}

void Progress::show(bool last) {
  shown_ = Clock::now();
  const double seconds = std::max(1e-9, std::chrono::duration<double>(shown_ - start_).count());
  const double rate = static_cast<double>(done_) / seconds;
  std::string text = fmt::format("{}: {}/{} {}, {:.1f}/s", label_, done_, total_, unit_, rate);
  double left = 0;
  if (rate > 0) left = static_cast<double>(std::max<std::int64_t>(0, total_ - done_)) / rate;
  if (total_bytes_ > 0) {
    const auto bytes = static_cast<double>(bytes_);
    text += fmt::format(", {} of {}, {}/s", shown_bytes(static_cast<std::uint64_t>(bytes_)),
                        shown_bytes(static_cast<std::uint64_t>(total_bytes_)),
                        shown_bytes(static_cast<std::uint64_t>(bytes / seconds)));
    if (bytes_ > 0)
      left =
          seconds * static_cast<double>(std::max<std::int64_t>(0, total_bytes_ - bytes_)) / bytes;
  }
  if (last) {
    text += ", " + shown_duration(seconds);
  } else if (rate > 0) {
    text += fmt::format(", {} left", shown_duration(left));
  }
  if (!note_.empty()) text += ", " + note_;
  if (!terminal_) {
    log::write(log::Level::kInfo, text);
    return;
  }
  constexpr std::int64_t kCells = 24;
  const std::int64_t filled = total_ > 0 ? std::min(kCells, kCells * done_ / total_) : kCells;
  fmt::print(stderr, "\r\x1b[K[{:<24}] {}{}", std::string(static_cast<std::size_t>(filled), '='),
             text, last ? "\n" : "");
  std::fflush(stderr);
}

}  // namespace intr
