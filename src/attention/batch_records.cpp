// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/batch_records.h"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "intr/core/error.h"
#include "intr/core/feature_cells.h"
#include "intr/data/network_input.h"
#include "intr/image/decode.h"

namespace intr {
namespace {

/// Columns that come from the data set.
void complete_columns(const DataIndex& index, const MicroBatch& batch, std::size_t i,
                      std::int64_t stride, MapRecord& record) {
  const std::int64_t row = batch.rows[i];
  DumpSample& sample = record.sample;
  sample.source_size = index.image_size(row);
  sample.resized_size = batch.sizes[i];
  sample.padded_size = batch.padded;
  sample.orientation = index.orientation(row);
  sample.orientation_applied = (index.flags(row) & kOrientationApplied) != 0 ? 1 : 0;
  sample.image_hash = index.hash(row);
  sample.path = index.path(row);
  const ImageSize expected =
      valid_grid(sample.resized_size, batch.padded, feature_grid(batch.padded, stride));
  if (sample.grid != expected)
    throw InternalError(fmt::format("sample {} has {} x {} cells instead of {} x {}",
                                    sample.sample_id, sample.grid.height, sample.grid.width,
                                    expected.height, expected.width));
}

}  // namespace

std::vector<MapRecord> compute_records(const Intr& model, const MapExtractor& extractor,
                                       const DataIndex& index, const MicroBatch& batch,
                                       at::Device device) {
  const at::NoGradGuard no_grad;
  const IntrOutput output =
      model.forward(network_input(batch, device), batch.sizes, extractor.forward_options());
  std::vector<MapRecord> records = extractor.extract(output, batch.sample_ids, batch.labels);
  for (std::size_t i = 0; i < records.size(); ++i)
    complete_columns(index, batch, i, model.config().stride(), records[i]);
  return records;
}

}  // namespace intr
