// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "drop_patterns.h"
#include "intr/weights/weight_export.h"

namespace intr {

/// Plans a file with the model of another under our names, or Hugging Face's, and what our files
/// say of a model beside its tensors.
void plan_model_export(const WeightFile& file, const ExportRequest& request, DropPatterns& patterns,
                       ExportPlan& plan);

/// Lists what the source holds beside its model and is not taken along.
/// @param kept top-level keys that are
void list_left_out(const WeightFile& file, const NamedWeights& named,
                   const std::vector<std::string>& kept, ExportPlan& plan);

}  // namespace intr
