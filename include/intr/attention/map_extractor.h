// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "intr/attention/map_writer.h"
#include "intr/attention/query_selection.h"
#include "intr/model/intr.h"

namespace intr {

/// Turns what an evaluation forward pass captured into records of a dump: chooses the queries from
/// the logits, then computes softmax(q k^T) in float32 for those alone (Vaswani et al. 2017, eq. 1;
/// the scale is on q already). Cells that are padded get no weight and are not stored. With several
/// queries per class the one with the largest score speaks for its class; the first of equal ones.
class MapExtractor {
 public:
  /// @param all_logits also stores the logit of every class
  MapExtractor(DumpFacts facts, QuerySelection queries, bool all_logits);

  /// What the forward pass has to keep: evaluation mode, the stored layers.
  ForwardOptions forward_options() const;

  /// One record for each image of the batch. Fills every column that follows from the forward pass:
  /// id, label, grids, queries, logits, ranks; the block, rounded on the device.
  /// @param labels -1 = unknown
  /// @throws DataError naming sample, layer and head of logits or weights that are not finite,
  /// InternalError if a sum is not 1 within 1e-4 before rounding
  std::vector<MapRecord> extract(const IntrOutput& output,
                                 const std::vector<std::int64_t>& sample_ids,
                                 const std::vector<std::int64_t>& labels) const;

 private:
  DumpFacts facts_;
  QuerySelection queries_;
  bool all_logits_;
};

/// Attention weights of chosen queries over all cells.
/// @param chosen  [B, Q] int64, numbers of the queries
/// @param padding [B, S] bool, true where padded; undefined = nothing is padded
/// @return        [B, N, Q, S] float32; rows sum to 1, exactly 0 on padded cells
at::Tensor cross_attention_maps(const CrossAttentionCapture& capture, const at::Tensor& chosen,
                                const at::Tensor& padding);

}  // namespace intr
