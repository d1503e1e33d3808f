// SPDX-License-Identifier: Apache-2.0
#include "intr/model/architecture.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <set>
#include <string_view>
#include <vector>

#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/model/parameter_table.h"

namespace intr {
namespace {

/// Reads an architecture off the names and shapes of one file.
class Inspection {
 public:
  Inspection(const NamedWeights& weights, const std::string& where)
      : weights_(weights), where_(where) {}

  void read_backbone(Architecture& architecture) const {
    const std::string body = "backbone.0.body.";
    const std::int64_t stages = count(body + "layer", 1, "backbone stages");
    std::vector<std::int64_t> blocks;
    for (std::int64_t stage = 1; stage <= stages; ++stage)
      blocks.push_back(count(fmt::format("{}layer{}.", body, stage), 0,
                             fmt::format("blocks of backbone stage {}", stage)));
    const bool bottleneck = weights_.find(body + "layer1.0.conv3.weight") != nullptr;
    for (const std::string& name : backbone_names()) {
      if (stages < 3 || stages > 4) continue;
      ModelConfig config;
      config.backbone = name;
      config.backbone_stages = stages;
      const ResNetPlan plan = resnet_plan(config);
      if (plan.bottleneck != bottleneck || plan.blocks != blocks) continue;
      architecture.backbone = name;
      architecture.backbone_stages = stages;
      return;
    }
    const std::vector<std::string>& names = backbone_names();
    fail(fmt::format("the backbone has {} {} blocks in its stages, which is none of {} and {}",
                     fmt::join(blocks, ", "), bottleneck ? "bottleneck" : "basic",
                     fmt::join(names.begin(), names.end() - 1, ", "), names.back()));
  }

  void read_transformer(Architecture& architecture) const {
    architecture.complete = true;
    architecture.enc_layers = count("transformer.encoder.layers.", 0, "encoder layers");
    architecture.dec_layers = count("transformer.decoder.layers.", 0, "decoder layers");
    const std::vector<std::int64_t>& queries = shape_of("query_embed.weight", 2);
    architecture.num_queries = queries[0];
    architecture.hidden_dim = queries[1];
    architecture.dim_feedforward = shape_of("transformer.encoder.layers.0.linear1.weight", 2)[0];
    architecture.pre_norm = weights_.find("transformer.encoder.norm.weight") != nullptr;
    if (weights_.find("backbone.1.row_embed.weight") != nullptr)
      architecture.position_embedding = "learned";
    if (architecture.num_queries < 1 || architecture.dim_feedforward < 1)
      fail("it has no queries or an empty feed-forward block");
    if (architecture.hidden_dim < 4 || architecture.hidden_dim % 4 != 0)
      fail(fmt::format("its width {} is no multiple of 4", architecture.hidden_dim));
  }

 private:
  /// How many numbers follow a beginning of names, counted from `first` without gaps.
  std::int64_t count(const std::string& prefix, std::int64_t first, const std::string& what) const {
    std::set<std::int64_t> numbers;
    for (const NamedTensor& tensor : weights_.tensors) {
      if (!tensor.name.starts_with(prefix)) continue;
      const std::string_view rest = std::string_view(tensor.name).substr(prefix.size());
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
      if (error == std::errc() && end != rest.data() + rest.size() && *end == '.')
        numbers.insert(number);
    }
    if (numbers.empty()) fail(fmt::format("it has no {}", what));
    std::int64_t next = first;
    for (const std::int64_t number : numbers) {
      if (number != next)
        fail(fmt::format("of its {} number {} is missing, {} is there", what, next, number));
      ++next;
    }
    return next - first;
  }
  const std::vector<std::int64_t>& shape_of(const std::string& name, std::size_t dims) const {
    const NamedTensor* tensor = weights_.find(name);
    if (tensor == nullptr) fail(fmt::format("the tensor {} is missing", quoted_name(name)));
    if (tensor->shape.size() != dims)
      fail(fmt::format("the tensor {} has the shape [{}], not {} dimensions", quoted_name(name),
                       fmt::join(tensor->shape, ", "), dims));
    return tensor->shape;
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(fmt::format("family {}: {}", name_of(weights_.family), what), where_,
                    "use a whole file of a model that this program knows");
  }

  const NamedWeights& weights_;
  const std::string& where_;
};

}  // namespace

std::optional<Architecture> architecture_of(const NamedWeights& weights, const std::string& where) {
  if (weights.family == WeightFamily::unknown) return {};
  Architecture architecture;
  const Inspection inspection(weights, where);
  inspection.read_backbone(architecture);
  if (weights.family != WeightFamily::torchvision_resnet) inspection.read_transformer(architecture);
  return architecture;
}

ModelConfig config_of(const Architecture& architecture) {
  ModelConfig config;
  config.backbone = architecture.backbone;
  config.backbone_stages = architecture.backbone_stages;
  config.position_embedding = architecture.position_embedding;
  config.enc_layers = architecture.enc_layers;
  config.dec_layers = architecture.dec_layers;
  config.hidden_dim = architecture.hidden_dim;
  config.dim_feedforward = architecture.dim_feedforward;
  config.pre_norm = architecture.pre_norm;
  config.num_classes = architecture.num_queries;
  return config;
}

std::string one_line(const Architecture& architecture) {
  std::string text = architecture.backbone;
  if (architecture.backbone_stages != 4)
    text += fmt::format(" of {} stages", architecture.backbone_stages);
  if (!architecture.complete) return text + ", a backbone alone";
  return text + fmt::format(
                    ", D {}, {} + {} layers, F {}, {} queries, {}, {}; heads and dilation unknown "
                    "from shapes",
                    architecture.hidden_dim, architecture.enc_layers, architecture.dec_layers,
                    architecture.dim_feedforward, architecture.num_queries,
                    architecture.pre_norm ? "pre-norm" : "post-norm",
                    architecture.position_embedding);
}

}  // namespace intr
