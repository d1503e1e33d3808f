// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace intr {

/// Runs `work` under LibTorch's profiler and writes what ran when, as a Chrome trace for Perfetto.
/// Not to be timed: the profiler slows the host down.
/// @param work leaves the device idle
/// @return on a GPU {"kernels": how many, "gpu_busy_s": at least one was running, "gpu_span_s":
/// from the first to the last, "top": the names that took longest}, else {}
/// @throws EnvironmentError if the file cannot be written
nlohmann::ordered_json profiled(const std::function<void()>& work, at::Device device,
                                const std::string& file);

}  // namespace intr
