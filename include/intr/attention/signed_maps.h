// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/attention/map_writer.h"

/// Maps whose cells may speak against a class: a merged file of the dump's format with the
/// attribute `signed` (docs/attention-format.md).
namespace intr {

/// Writes a file of signed maps in sample-id order, atomically; one that is there is replaced.
/// Equal contents give equal bytes, in whatever order the records come.
/// @param facts   of the dump that the maps follow from, with is_signed, f32, one layer, head -1,
/// one query and a content_id of its own; sums and scales are filled in here
/// @param records at least one; one query and one block of float32, [h, w], each
/// @throws DataError naming the sample whose values or sum are not finite; InternalError for facts
/// or records of another kind
void write_signed_maps(const std::string& path, DumpFacts facts,
                       const std::vector<MapRecord>& records);

/// For what makes sense of attention alone. @throws UsageError if the maps are signed
/// @param path that the user gave
/// @param next what to do with such a file instead
void require_attention(const DumpFacts& facts, const std::string& path, const std::string& next);

}  // namespace intr
