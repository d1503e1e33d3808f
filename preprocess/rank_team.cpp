// SPDX-License-Identifier: Apache-2.0
#include "preprocess/rank_team.h"

#include <atomic>

namespace intr {
namespace {

class SoloCounter : public WorkCounter {
 public:
  std::int64_t add(std::int64_t count) override { return sum_.fetch_add(count); }

 private:
  std::atomic<std::int64_t> sum_{0};
};

}  // namespace

std::vector<std::string> SoloTeam::gather(std::string bytes) {
  std::vector<std::string> all;
  all.push_back(std::move(bytes));
  return all;
}

std::unique_ptr<WorkCounter> SoloTeam::open_counter() { return std::make_unique<SoloCounter>(); }

}  // namespace intr
