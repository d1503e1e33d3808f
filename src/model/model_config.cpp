// SPDX-License-Identifier: Apache-2.0
#include "intr/model/model_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "intr/core/error.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

/// Applies `visit(name, field)` to every stored field: the one list of their names on disk.
template <class Config, class Visit>
void for_each_field(Config& config, const Visit& visit) {
  visit("backbone", config.backbone);
  visit("dilation", config.dilation);
  visit("backbone_stages", config.backbone_stages);
  visit("position_embedding", config.position_embedding);
  visit("enc_layers", config.enc_layers);
  visit("dec_layers", config.dec_layers);
  visit("hidden_dim", config.hidden_dim);
  visit("nheads", config.nheads);
  visit("dim_feedforward", config.dim_feedforward);
  visit("dropout", config.dropout);
  visit("pre_norm", config.pre_norm);
  visit("num_classes", config.num_classes);
  visit("queries_per_class", config.queries_per_class);
  visit("query_pooling", config.query_pooling);
  visit("image_size", config.image_size);
}

}  // namespace

void ModelConfig::validate() const {
  require_choice("backbone", backbone, backbone_names());
  require_choice("position-embedding", position_embedding, {"sine", "learned"});
  require_choice("query-pooling", query_pooling, {"max", "mean", "logsumexp"});
  require_range("backbone-stages", backbone_stages, 3, 4);
  require_range("enc-layers", enc_layers, 1, 64);
  require_range("dec-layers", dec_layers, 1, 64);
  require_range("hidden-dim", hidden_dim, 4, 16384);
  require_range("nheads", nheads, 1, hidden_dim);
  require_range("dim-feedforward", dim_feedforward, 1, 65536);
  require_range("queries-per-class", queries_per_class, 1, 1024);
  require_range("image-size", image_size, 32, 4096);
  if (!(dropout >= 0 && dropout < 1))
    throw UsageError(fmt::format("{} is not at least 0 and below 1", dropout), "--dropout");
  if (dilation && (backbone == "resnet18" || backbone == "resnet34"))
    throw UsageError(fmt::format("{} has basic blocks, which have no dilated form", backbone),
                     "--dilation", "leave it out, or use --backbone resnet50 or resnet101");
  if (dilation && backbone_stages == 3)
    throw UsageError("dilates the last stage, which --backbone-stages 3 removes", "--dilation",
                     "leave one of the two out");
  if (hidden_dim % nheads != 0)
    throw UsageError(fmt::format("{} is no multiple of --nheads {}", hidden_dim, nheads),
                     "--hidden-dim", fmt::format("use {}", (hidden_dim / nheads + 1) * nheads));
  if (hidden_dim % 4 != 0)
    throw UsageError(
        fmt::format("{} is no multiple of 4, which the position encoding needs", hidden_dim),
        "--hidden-dim", fmt::format("use {}", (hidden_dim / 4 + 1) * 4));
}

const std::vector<std::string>& backbone_names() {
  static const std::vector<std::string> names = {"resnet18", "resnet34", "resnet50", "resnet101"};
  return names;
}

void describe(ModelConfig& config, OptionSet& options) {
  options.group("Model")
      .add("backbone", config.backbone, "resnet18, resnet34, resnet50 or resnet101")
      .add("dilation", config.dilation, "stride 16 by dilating the last stage; resnet50 and -101")
      .add("backbone-stages", config.backbone_stages,
           "3 ends the backbone one stage earlier: finer maps (stride 16), less work")
      .add("position-embedding", config.position_embedding,
           "sine, or learned (at most 50x50 cells)")
      .add("enc-layers", config.enc_layers, "encoder layers")
      .add("dec-layers", config.dec_layers, "decoder layers")
      .add("hidden-dim", config.hidden_dim, "width of encoder and decoder; a multiple of --nheads")
      .add("nheads", config.nheads, "attention heads")
      .add("dim-feedforward", config.dim_feedforward, "width inside the feed-forward blocks")
      .add("dropout", config.dropout, "dropout probability in training; at least 0, below 1")
      .add("pre-norm", config.pre_norm, "normalize before each block: trains from nothing")
      .add("queries-per-class", config.queries_per_class, "queries of each class")
      .add("query-pooling", config.query_pooling,
           "how several queries make one score: max, mean or logsumexp")
      .add("image-size", config.image_size,
           "shorter side of validation pictures in pixels; training sizes scale with it");
}

void describe_untold(ModelConfig& config, OptionSet& options) {
  options.group("Model, where its file does not tell (checkpoints tell everything)")
      .add("nheads", config.nheads, "attention heads")
      .add("dilation", config.dilation, "stride 16 by dilating the last stage")
      .add("image-size", config.image_size, "shorter side of pictures in pixels")
      .add("queries-per-class", config.queries_per_class, "queries of each class")
      .add("query-pooling", config.query_pooling,
           "how several queries make one score: max, mean or logsumexp");
}

nlohmann::ordered_json to_json(const ModelConfig& config) {
  auto json = nlohmann::ordered_json::object();
  for_each_field(config, [&json](const char* name, const auto& field) { json[name] = field; });
  return json;
}

std::string flag_of(std::string field) {
  std::replace(field.begin(), field.end(), '_', '-');
  return field;
}

ModelConfig model_config_from_json(const nlohmann::ordered_json& json, const std::string& where) {
  ModelConfig config;
  for_each_field(config, [&]<class Field>(const char* name, Field& field) {
    field = json_member<Field>(json, name, where);
  });
  try {
    config.validate();
  } catch (const UsageError& error) {
    throw DataError(std::string("describes no model that can be built: ") + error.what(), where);
  }
  if (config.num_classes < 1)
    throw DataError(fmt::format("describes a model of {} classes", config.num_classes), where);
  return config;
}

}  // namespace intr
