// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/sample_loop.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "intr/core/error.h"

namespace intr {

namespace {

/// What the threads of one loop share.
class SampleLoop {
 public:
  SampleLoop(const MapReader& reader, const PhotoSource& photos, std::span<const std::int64_t> rows,
             const LoopControl& control, const std::function<void(SampleInputs&)>& work,
             MapField field, bool with_value_maps)
      : reader_(reader),
        photos_(photos),
        rows_(rows),
        control_(control),
        work_(work),
        field_(field),
        with_value_maps_(with_value_maps) {}

  void run_thread() {
    try {
      while (std::optional<SampleInputs> inputs = next()) {
        try {
          work_(*inputs);
        } catch (const DataError& error) {
          note_failure(inputs->position, *inputs->sample, error.what());
        }
        finish_one();
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
      ended_ = true;
    }
  }

  std::vector<SampleFailure> result() {
    if (error_) std::rethrow_exception(error_);
    std::sort(failures_.begin(), failures_.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<SampleFailure> failures;
    for (auto& [position, failure] : failures_) failures.push_back(std::move(failure));
    return failures;
  }

 private:
  /// Reads the next sample that can be read.
  std::optional<SampleInputs> next() {
    const std::lock_guard lock(mutex_);
    while (!ended_ && position_ < std::ssize(rows_) && !(control_.stop && control_.stop())) {
      SampleInputs inputs;
      inputs.position = position_++;
      const std::int64_t row = rows_[static_cast<std::size_t>(inputs.position)];
      inputs.sample = &reader_.sample(row);
      try {
        inputs.maps = reader_.values(row, field_);
        if (with_value_maps_) inputs.value_maps = reader_.values(row, MapField::kValue);
        inputs.photo = photos_.read(*inputs.sample);
        return inputs;
      } catch (const DataError& error) {
        failures_.push_back({inputs.position, {inputs.sample->sample_id, error.what()}});
        if (control_.advance) control_.advance(1);
      }
    }
    return std::nullopt;
  }

  void note_failure(std::int64_t position, const DumpSample& sample, const char* message) {
    const std::lock_guard lock(mutex_);
    failures_.push_back({position, {sample.sample_id, message}});
  }

  void finish_one() {
    const std::lock_guard lock(mutex_);
    if (control_.advance) control_.advance(1);
  }

  const MapReader& reader_;
  const PhotoSource& photos_;
  std::span<const std::int64_t> rows_;
  const LoopControl& control_;
  const std::function<void(SampleInputs&)>& work_;
  MapField field_;
  bool with_value_maps_;
  std::mutex mutex_;
  std::int64_t position_ = 0;
  bool ended_ = false;
  std::vector<std::pair<std::int64_t, SampleFailure>> failures_;
  std::exception_ptr error_;
};

}  // namespace

std::vector<SampleFailure> for_each_sample(const MapReader& reader, const PhotoSource& photos,
                                           std::span<const std::int64_t> rows,
                                           const LoopControl& control,
                                           const std::function<void(SampleInputs&)>& work,
                                           MapField field, bool with_value_maps) {
  SampleLoop loop(reader, photos, rows, control, work, field, with_value_maps);
  {
    std::vector<std::jthread> others;
    const std::int64_t threads = std::min<std::int64_t>(control.threads, std::ssize(rows));
    for (std::int64_t i = 1; i < threads; ++i) others.emplace_back([&loop] { loop.run_thread(); });
    loop.run_thread();
  }
  return loop.result();
}

}  // namespace intr
