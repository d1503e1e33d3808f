// SPDX-License-Identifier: Apache-2.0
#include "commands.h"
#include "intr/core/error.h"
#include "intr/core/version.h"

namespace intr {

ExitCode score_model(const std::vector<std::string>&) {
  throw EnvironmentError("this intr-score was built without LibTorch and cannot run a network",
                         "intr-score model",
                         "use one that was built with -DINTR_BUILD_TRAIN=ON; intr-score maps needs "
                         "no network");
}

std::string score_build_facts() { return base_build_facts(); }

void end_all_ranks(int) {}

}  // namespace intr
