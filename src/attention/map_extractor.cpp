// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_extractor.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"

namespace intr {
namespace {

constexpr std::int64_t kBlockBytes = std::int64_t{64} << 20;  // of weights computed at once
constexpr double kSumTolerance = 1e-4;                        // before rounding

[[noreturn]] void throw_not_finite(std::int64_t sample_id, const std::string& what) {
  throw DataError(fmt::format("{} not finite", what), fmt::format("sample {}", sample_id),
                  "the model's weights or this picture are damaged: run intr-weights verify on the "
                  "checkpoint and intr-pack verify on the data set");
}

/// Columns that follow from the logits of one sample.
DumpSample score_sample(std::span<const float> logits, const QuerySelection& queries,
                        std::int64_t sample_id, std::int64_t label) {
  if (!std::all_of(logits.begin(), logits.end(), [](float x) { return std::isfinite(x); }))
    throw_not_finite(sample_id, "logits are");
  const auto logit_of = [&](std::int32_t c) { return logits[static_cast<std::size_t>(c)]; };
  DumpSample sample;
  sample.sample_id = sample_id;
  sample.label = checked_cast<std::int32_t>(label);
  const std::vector<std::int32_t> ranked = rank_classes(logits);
  sample.query = queries.select(ranked, sample.label);
  for (const std::int32_t c : sample.query) sample.logit.push_back(logit_of(c));
  const auto top =
      std::min<std::ptrdiff_t>(kNumTopClasses, static_cast<std::ptrdiff_t>(ranked.size()));
  sample.top_class.assign(ranked.begin(), ranked.begin() + top);
  for (const std::int32_t c : sample.top_class) sample.top_logit.push_back(logit_of(c));
  const double largest = static_cast<double>(logit_of(ranked.front()));
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  sample.log_z = static_cast<float>(largest + std::log(sum));
  if (sample.label >= 0)
    sample.true_rank = checked_cast<std::int32_t>(
        std::find(ranked.begin(), ranked.end(), sample.label) - ranked.begin());
  return sample;
}

/// The queries that speak for classes of one image.
/// @param scores [C] of all queries  @param per_class queries of a class
std::vector<std::int64_t> winners(const at::Tensor& scores,
                                  const std::vector<std::int32_t>& classes,
                                  std::int64_t per_class) {
  std::vector<std::int64_t> rows;
  for (const std::int32_t c : classes) {
    const float* first = scores.const_data_ptr<float>() + c * per_class;
    rows.push_back(c * per_class + (std::max_element(first, first + per_class) - first));
  }
  return rows;
}

/// Valid cells: a rectangle at the top left. @param padding [h, w] bool on the CPU
ImageSize valid_cells(const at::Tensor& padding) {
  const auto padded = padding.accessor<bool, 2>();
  ImageSize grid;
  while (grid.height < padding.size(0) && !padded[grid.height][0]) ++grid.height;
  while (grid.width < padding.size(1) && !padded[0][grid.width]) ++grid.width;
  return grid;
}

/// @param maps [B, N, Q, S] float32
void check_sums(const at::Tensor& maps, std::int64_t layer,
                const std::vector<std::int64_t>& sample_ids) {
  const at::Tensor sums = maps.sum(-1).cpu().contiguous();  // [B, N, Q]
  const auto sum = sums.accessor<float, 3>();
  for (std::int64_t b = 0; b < sums.size(0); ++b)
    for (std::int64_t n = 0; n < sums.size(1); ++n)
      for (std::int64_t q = 0; q < sums.size(2); ++q) {
        const auto value = static_cast<double>(sum[b][n][q]);
        const std::int64_t id = sample_ids[static_cast<std::size_t>(b)];
        if (!std::isfinite(value))
          throw_not_finite(id, fmt::format("attention weights of layer {}, head {} are", layer, n));
        if (std::abs(value - 1) > kSumTolerance)
          throw InternalError(
              fmt::format("attention weights of layer {}, head {} sum to {}", layer, n, value),
              fmt::format("sample {}", id));
      }
}

/// @param values [B, ...]  @param what the values are, such as "attention of encoder layer 3"
void require_finite(const at::Tensor& values, const std::string& what,
                    const std::vector<std::int64_t>& sample_ids) {
  const at::Tensor finite = values.isfinite().flatten(1).all(1).cpu();
  for (std::size_t b = 0; b < sample_ids.size(); ++b)
    if (!finite[static_cast<std::int64_t>(b)].item<bool>())
      throw_not_finite(sample_ids[b], what + " is");
}

/// [B, N, Q, S] to the stored heads: [B, Q, heads, S].
at::Tensor stored_heads(const at::Tensor& maps, const std::vector<std::int32_t>& heads) {
  if (heads.size() == 1 && heads[0] == kHeadMean)
    return maps.mean(1, /*keepdim=*/true).transpose(1, 2);
  if (static_cast<std::int64_t>(heads.size()) == maps.size(1)) return maps.transpose(1, 2);
  const std::vector<std::int64_t> wanted(heads.begin(), heads.end());
  return maps.index_select(1, at::tensor(wanted, maps.options().dtype(at::kLong))).transpose(1, 2);
}

/// Lengths of the value vectors of a layer. @return [B, heads, S], of the stored heads
at::Tensor value_lengths(const CrossAttentionCapture& capture,
                         const std::vector<std::int32_t>& heads) {
  const at::Tensor lengths = capture.value.to(at::kFloat).norm(2, -1);  // [B, N, S]
  return stored_heads(lengths.unsqueeze(2), heads).squeeze(1);
}

/// Appends the stored bytes of `tensor`.
void append_bytes(std::vector<std::byte>& block, const at::Tensor& tensor) {
  const at::Tensor flat = tensor.contiguous();
  const auto* first = static_cast<const std::byte*>(flat.const_data_ptr());
  block.insert(block.end(), first, first + flat.nbytes());
}

/// What a dump keeps of a batch, in its element type, on the CPU.
class StoredTensors {
 public:
  StoredTensors(const DumpFacts& facts, const IntrOutput& output, std::vector<MapRecord>& records)
      : facts_(facts),
        height_(output.feature_height),
        width_(output.feature_width),
        records_(records) {}

  /// The tensor as it is stored, on the CPU.
  at::Tensor rounded(const at::Tensor& tensor) const {
    return tensor.to(facts_.type == MapType::f16 ? at::kHalf : at::kFloat).to(at::kCPU);
  }
  /// @param tensor [B, ..., S]: the valid cells of each image are kept
  void append(MapField field, const at::Tensor& tensor) {
    const at::Tensor grid = rounded(tensor).unflatten(-1, {height_, width_});
    for (std::size_t b = 0; b < records_.size(); ++b) {
      const ImageSize cells = records_[b].sample.grid;
      append_bytes(records_[b].blocks[field], grid[static_cast<std::int64_t>(b)]
                                                  .narrow(-2, 0, cells.height)
                                                  .narrow(-1, 0, cells.width));
    }
  }
  /// @param tensor [B, S, S]: rows and columns of valid cells are kept
  void append_square(MapField field, const at::Tensor& tensor) {
    const at::Tensor grids = rounded(tensor)
                                 .unflatten(2, {height_, width_})
                                 .unflatten(1, {height_, width_});  // [B, h, w, h, w]
    for (std::size_t b = 0; b < records_.size(); ++b) {
      const ImageSize cells = records_[b].sample.grid;
      append_bytes(records_[b].blocks[field], grids[static_cast<std::int64_t>(b)]
                                                  .narrow(0, 0, cells.height)
                                                  .narrow(1, 0, cells.width)
                                                  .narrow(2, 0, cells.height)
                                                  .narrow(3, 0, cells.width));
    }
  }

 private:
  const DumpFacts& facts_;
  std::int64_t height_, width_;
  std::vector<MapRecord>& records_;
};

}  // namespace

at::Tensor cross_attention_maps(const CrossAttentionCapture& capture, const at::Tensor& chosen,
                                const at::Tensor& padding) {
  const at::NoGradGuard no_grad;
  const at::Tensor key = capture.key.to(at::kFloat);  // [B, N, S, D/N]
  const std::int64_t batch = key.size(0);
  const std::int64_t heads = key.size(1);
  const std::int64_t cells = key.size(2);
  const std::int64_t width = key.size(3);
  // The first layer's queries are equal for all images and may come once.
  const at::Tensor query = capture.query.expand({batch, -1, -1, -1});  // [B, N, C, D/N]
  const std::int64_t row_bytes = batch * heads * cells * std::int64_t{sizeof(float)};
  const std::int64_t rows = std::max<std::int64_t>(1, kBlockBytes / row_bytes);
  std::vector<at::Tensor> blocks;
  for (std::int64_t first = 0; first < chosen.size(1); first += rows) {
    const at::Tensor index = chosen.slice(1, first, first + rows);  // [B, q]
    const at::Tensor picked =
        query
            .gather(2,
                    index.unsqueeze(1).unsqueeze(-1).expand({batch, heads, index.size(1), width}))
            .to(at::kFloat);                                      // [B, N, q, D/N]
    at::Tensor scores = at::matmul(picked, key.transpose(2, 3));  // [B, N, q, S]
    if (padding.defined())
      scores.masked_fill_(padding.unsqueeze(1).unsqueeze(1),
                          -std::numeric_limits<float>::infinity());
    blocks.push_back(at::softmax(scores, -1));
  }
  return blocks.size() == 1 ? blocks.front() : at::cat(blocks, 2);  // [B, N, Q, S]
}

at::Tensor rolled_out(const at::Tensor& maps, const std::vector<at::Tensor>& encoder) {
  const at::Tensor back = at::empty_like(maps);
  for (std::int64_t b = 0; b < maps.size(0); ++b) {  // so that it does not depend on the batch
    at::Tensor rows = maps[b].flatten(0, 1);         // [N * Q, S]
    for (auto layer = encoder.rbegin(); layer != encoder.rend(); ++layer)
      rows = (rows + at::mm(rows, (*layer)[b])) * 0.5;
    back[b].copy_(rows.view_as(maps[b]));
  }
  return back;
}

MapExtractor::MapExtractor(DumpFacts facts, QuerySelection queries, bool all_logits,
                           std::int64_t encoder_layer_total)
    : facts_(std::move(facts)),
      queries_(std::move(queries)),
      all_logits_(all_logits),
      encoder_layer_total_(encoder_layer_total) {}

ForwardOptions MapExtractor::forward_options() const {
  ForwardOptions options;
  options.capture_layers.assign(facts_.layers.begin(), facts_.layers.end());
  options.encoder_layers.assign(facts_.encoder_layers.begin(), facts_.encoder_layers.end());
  if (facts_.rollout) {
    options.encoder_layers.resize(static_cast<std::size_t>(encoder_layer_total_));
    std::iota(options.encoder_layers.begin(), options.encoder_layers.end(), 0);
  }
  return options;
}

std::vector<MapRecord> MapExtractor::extract(const IntrOutput& output,
                                             const std::vector<std::int64_t>& sample_ids,
                                             const std::vector<std::int64_t>& labels) const {
  const at::NoGradGuard no_grad;
  const at::Tensor logits = output.logits.to(at::kCPU, at::kFloat).contiguous();  // [B, C]
  const std::int64_t batch = logits.size(0);
  const auto num_classes = static_cast<std::size_t>(logits.size(1));
  if (batch != static_cast<std::int64_t>(sample_ids.size()) || sample_ids.size() != labels.size() ||
      logits.size(1) != facts_.class_count)
    throw InternalError(fmt::format("{} x {} logits for {} samples of {} classes", batch,
                                    num_classes, sample_ids.size(), facts_.class_count));
  const at::Tensor scores = output.query_logits.defined()
                                ? output.query_logits.to(at::kCPU, at::kFloat).contiguous()
                                : logits;
  const std::int64_t per_class = scores.size(1) / facts_.class_count;
  const at::Tensor padding = output.feature_padding.cpu();  // [B, h, w]
  std::vector<MapRecord> records;
  std::vector<std::int64_t> chosen;
  for (std::size_t b = 0; b < sample_ids.size(); ++b) {
    const std::span<const float> row(logits.const_data_ptr<float>() + b * num_classes, num_classes);
    MapRecord record{score_sample(row, queries_, sample_ids[b], labels[b]), {}};
    record.sample.grid = valid_cells(padding[static_cast<std::int64_t>(b)]);
    record.sample.grid_full = {output.feature_height, output.feature_width};
    if (all_logits_) record.sample.logits_all.assign(row.begin(), row.end());
    const std::vector<std::int64_t> rows =
        winners(scores[static_cast<std::int64_t>(b)], record.sample.query, per_class);
    chosen.insert(chosen.end(), rows.begin(), rows.end());
    records.push_back(std::move(record));
  }
  const bool any_padded = padding.any().item<bool>();
  const at::Tensor hidden = any_padded ? output.feature_padding.flatten(1) : at::Tensor();
  const at::Tensor index =
      at::tensor(chosen, at::kLong).view({batch, facts_.num_queries}).to(output.logits.device());
  StoredTensors stored(facts_, output, records);
  for (const std::int32_t layer : facts_.layers) {
    const auto captured =
        std::find_if(output.captured.begin(), output.captured.end(),
                     [layer](const CrossAttentionCapture& c) { return c.layer == layer; });
    if (captured == output.captured.end() || captured->query.size(2) != scores.size(1))
      throw InternalError(fmt::format("decoder layer {} was not captured whole", layer));
    const at::Tensor maps = cross_attention_maps(*captured, index, hidden);  // [B, N, Q, S]
    check_sums(maps, layer, sample_ids);
    stored.append(MapField::kMap, stored_heads(maps, facts_.heads));  // [B, Q, heads, S]
    if (facts_.rollout) {
      const at::Tensor back = rolled_out(maps, output.encoder_attention);
      check_sums(back, layer, sample_ids);
      stored.append(MapField::kRollout, stored_heads(back, facts_.heads));
    }
    if (facts_.values) {
      const at::Tensor lengths = value_lengths(*captured, facts_.heads);  // [B, heads, S]
      require_finite(
          stored.rounded(lengths),
          fmt::format("length of value vectors of layer {}, as {},", layer, name_of(facts_.type)),
          sample_ids);
      stored.append(MapField::kValue, lengths);
    }
  }
  for (std::size_t i = 0; i < facts_.encoder_layers.size(); ++i) {
    const at::Tensor& attention = output.encoder_attention.at(i);  // [B, S, S]
    require_finite(attention,
                   fmt::format("attention of encoder layer {}", facts_.encoder_layers[i]),
                   sample_ids);
    stored.append_square(MapField::kEncoder, attention);
  }
  return records;
}

}  // namespace intr
