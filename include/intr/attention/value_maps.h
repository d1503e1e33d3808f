// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/attention/map_reader.h"
#include "intr/attention/model_summarizer.h"

namespace intr {

/// Refuses a place that nothing can be written to, before anything is computed.
/// @throws EnvironmentError
void require_place_for_maps(const std::string& path);

/// Writes the value-weighted attribution of every sample that has one as a file of signed maps,
/// atomically: one map a sample, of its target's query, in the last decoder layer.
/// @param table  whose samples keep their maps
/// @param reader the dump, which knows pictures and grids
/// @param content_id of the maps: says which model, samples and options made them
/// @return false if no sample has one: then nothing is written
/// @throws InternalError if a map is of another size than its sample's grid
bool write_value_maps(const std::string& path, const ModelScoreTable& table,
                      const MapReader& reader, const std::string& content_id);

}  // namespace intr
