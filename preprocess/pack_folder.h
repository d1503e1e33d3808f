// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "preprocess/pack_plan.h"

namespace intr {

/// The folder SET while it is packed: what earlier runs left there, and whether there is room.
class PackFolder {
 public:
  PackFolder(const PackPlan& plan, std::string set) : plan_(&plan), set_(std::move(set)) {}

  /// Whether SET is finished with this plan; removes what a run that was killed at its very end
  /// left.
  /// @throws UsageError if it is a finished set of something else
  bool is_finished() const;
  /// Makes SET ready: remains of killed runs go, and so do shards with files that changed since.
  /// What is left under a shard's name may be kept. Then .pack-plan is written.
  /// @param restart remove an unfinished packing of something else
  /// @throws UsageError if there is one and `restart` is not given; EnvironmentError if room lacks
  void prepare(const std::string& source_name, bool restart) const;

 private:
  void go_on(const std::string& plan_path, bool restart) const;
  void remove_temporaries() const;
  void remove_everything() const;
  void remove_outdated(const PlanFile& earlier) const;
  void require_space() const;

  const PackPlan* plan_;
  std::string set_;
};

}  // namespace intr
