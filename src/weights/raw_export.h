// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drop_patterns.h"
#include "intr/weights/weight_export.h"

namespace intr {

/// Plans a file with everything of another, under the names that it has there.
void plan_raw_export(const WeightFile& file, const ExportRequest& request, DropPatterns& patterns,
                     ExportPlan& plan);

}  // namespace intr
