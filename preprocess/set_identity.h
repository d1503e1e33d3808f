// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/data/manifest.h"
#include "preprocess/pack_plan.h"
#include "preprocess/pack_report.h"

namespace intr {

/// dataset_id: identity of the contents, whatever the shards. XXH3-128 over class list, decode
/// policy, options that change bytes, and every sample sorted by split and path.
std::string identify_set(const PackPlan& plan, const std::vector<PackedSplit>& splits,
                         const std::string& exif, const std::string& gray16);

/// The first thing in which a finished set and a plan differ, for a message.
std::string set_difference(const PackPlan& plan, const Manifest& manifest);

/// UTC, ISO 8601. SOURCE_DATE_EPOCH pins it, as in other reproducible builds.
std::string packing_time();

}  // namespace intr
