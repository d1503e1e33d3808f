// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/data/data_index.h"
#include "intr/data/manifest.h"
#include "preprocess/pack_plan.h"
#include "preprocess/pack_report.h"

namespace intr {

/// One set made of several: classes united by name, those of the first set first; ids in the order
/// of the sets, each set's behind those of the set before; shards as they are, with a label map
/// where labels moved. Nothing is written before write().
class SetUnion {
 public:
  /// A shard that must stand in the united set's folder before write().
  struct Lent {
    std::string from;  ///< path
    DataIndex::Shard shard;
  };

  /// @param generation of the united set; its new files bear it in their names
  /// @throws DataError if decode policies or parts of bodies differ, or a set cannot be read
  SetUnion(const std::vector<std::string>& sets, std::int64_t generation);

  const std::vector<std::string>& classes() const noexcept { return manifest_.classes; }
  const std::string& dataset_id() const noexcept { return manifest_.dataset_id; }
  const PackReport& report() const noexcept { return report_; }
  /// The shards of every set; those of the first too, under new names, unless it keeps them.
  std::vector<Lent> lend(bool first_keeps_its_files);
  /// Writes index files, the report and last the manifest. lend() comes first.
  void write(const std::string& set) const;

 private:
  struct Part {
    std::string set;
    Manifest manifest;
  };
  void read(const Part& part, const std::vector<std::int32_t>& labels);
  std::vector<std::int32_t> unite_classes(const Part& part);
  std::size_t split_number(const std::string& name);

  std::int64_t generation_;
  std::vector<std::string> folders_;
  Manifest manifest_;
  PackPlan plan_;  ///< for the report and the identity
  std::vector<PackedSplit> splits_;
  std::vector<std::vector<DataIndex::Shard>> shards_;  ///< of each split
  std::vector<std::vector<std::size_t>> owner_;        ///< of each shard: its set
  PackReport report_;
};

}  // namespace intr
