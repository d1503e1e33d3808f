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
/// Where the dump wants them, also the value map (the length of each cell's value vector), the
/// encoder's attention, and maps that are followed back through it.
class MapExtractor {
 public:
  /// @param all_logits also stores the logit of every class
  /// @param encoder_layer_total layers of the model's encoder
  MapExtractor(DumpFacts facts, QuerySelection queries, bool all_logits,
               std::int64_t encoder_layer_total);

  /// What the forward pass has to keep: evaluation mode, the stored layers.
  ForwardOptions forward_options() const;

  /// One record for each image of the batch. Fills every column that follows from the forward pass:
  /// id, label, grids, queries, logits, ranks; the fields, rounded on the device.
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
  std::int64_t encoder_layer_total_;
};

/// Attention weights of chosen queries over all cells.
/// @param chosen  [B, Q] int64, numbers of the queries
/// @param padding [B, S] bool, true where padded; undefined = nothing is padded
/// @return        [B, N, Q, S] float32; rows sum to 1, exactly 0 on padded cells
at::Tensor cross_attention_maps(const CrossAttentionCapture& capture, const at::Tensor& chosen,
                                const at::Tensor& padding);

/// Maps over what the encoder gives out, followed back to what it was given (Abnar and Zuidema, ACL
/// 2020, attention rollout): a R_Le ... R_1 with R_l = (I + A_l) / 2, which accounts for the
/// residual sums. Vectors go through from the left; no product of S x S matrices is made.
/// @param maps    [B, N, Q, S] float32
/// @param encoder mean attention of each encoder layer, the first one first, [B, S, S]
/// @return        [B, N, Q, S]; rows sum to 1
at::Tensor rolled_out(const at::Tensor& maps, const std::vector<at::Tensor>& encoder);

}  // namespace intr
