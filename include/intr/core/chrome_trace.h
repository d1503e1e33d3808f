// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "intr/core/trace.h"

namespace intr {

/// One process's part of a Chrome trace, which Perfetto and chrome://tracing open: objects, a line
/// each, with ",\n" between them. Times in whole microseconds, so that what touches still touches.
/// @param process number that tells it from the others @param name what it is called
std::string chrome_events(const trace::Recording& recording, int process, const std::string& name);

/// A whole file: this, the parts of all processes with ",\n" between them, and the end.
inline constexpr std::string_view kChromeTraceBegin =
    "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
inline constexpr std::string_view kChromeTraceBetween = ",\n";
inline constexpr std::string_view kChromeTraceEnd = "\n]}\n";

}  // namespace intr
