// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "intr/attention/map_writer.h"

namespace intr {

/// The attention of picture files as a dump in one file (docs/attention-format.md), which every
/// program accepts. Sample ids are places in the list, labels are unknown, paths lie below the
/// folders that were named.
class PredictionDump {
 public:
  /// @param facts of the records that will come, in float32; ids are filled in here
  /// @throws UsageError if the file is there already
  PredictionDump(std::string file, DumpFacts facts);

  /// Keeps a picture's maps, rounded to half precision, until write().
  /// @param record all columns set, blocks of float32
  void add(MapRecord record);
  /// Writes the file, whole or not at all; nothing if no picture was good.
  void write();

 private:
  std::string file_;
  DumpFacts facts_;
  std::map<std::int64_t, MapRecord> records_;  ///< by sample id
};

}  // namespace intr
