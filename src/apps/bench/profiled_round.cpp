// SPDX-License-Identifier: Apache-2.0
#include "profiled_round.h"

#include <torch/csrc/autograd/profiler_kineto.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "intr/core/error.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
namespace kineto = torch::profiler::impl;

constexpr std::size_t kMostNames = 25;
constexpr std::size_t kNameLength = 90;

double seconds(std::uint64_t nanoseconds) { return 1e-9 * static_cast<double>(nanoseconds); }

/// Those of kernels and copies that took longest together, with how often and how long.
Json longest(const std::map<std::string, std::pair<std::int64_t, std::uint64_t>>& names) {
  std::vector<std::pair<std::uint64_t, std::string>> order;
  for (const auto& [name, sum] : names) order.emplace_back(sum.second, name);
  std::sort(order.rbegin(), order.rend());
  if (order.size() > kMostNames) order.resize(kMostNames);
  Json top = Json::array();
  for (const auto& [time, name] : order)
    top.push_back({{"name", name.substr(0, kNameLength)},
                   {"times", names.at(name).first},
                   {"seconds", seconds(time)}});
  return top;
}

Json gpu_share(const std::vector<torch::autograd::profiler::KinetoEvent>& events) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> spans;
  std::map<std::string, std::pair<std::int64_t, std::uint64_t>> names;
  for (const auto& event : events) {
    if (event.deviceType() != c10::DeviceType::CUDA || event.durationNs() == 0) continue;
    spans.emplace_back(event.startNs(), event.endNs());
    auto& [times, time] = names[event.name()];
    ++times;
    time += event.durationNs();
  }
  if (spans.empty()) return Json::object();
  std::sort(spans.begin(), spans.end());
  std::uint64_t busy = 0, end = spans.front().first;
  for (const auto& [from, to] : spans) {
    if (to > end) busy += to - std::max(from, end);
    end = std::max(end, to);
  }
  return {{"kernels", spans.size()},
          {"gpu_busy_s", seconds(busy)},
          {"gpu_span_s", seconds(end - spans.front().first)},
          {"top", longest(names)}};
}

}  // namespace

Json profiled(const std::function<void()>& work, at::Device device, const std::string& file) {
  std::set<kineto::ActivityType> activities = {kineto::ActivityType::CPU};
  if (!device.is_cpu()) activities.insert(kineto::ActivityType::CUDA);
  const kineto::ProfilerConfig config(kineto::ProfilerState::KINETO);
  torch::autograd::profiler::prepareProfiler(config, activities);
  torch::autograd::profiler::enableProfiler(config, activities);
  work();
  const auto result = torch::autograd::profiler::disableProfiler();
  result->save(file);
  if (!std::filesystem::exists(file))
    throw EnvironmentError("the profiler wrote no trace", file,
                           "look whether its folder is there and has room");
  return device.is_cpu() ? Json::object() : gpu_share(result->events());
}

}  // namespace intr
