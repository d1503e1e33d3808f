// SPDX-License-Identifier: Apache-2.0
// What a weight file and the options say together of a model.
#include <fmt/format.h>

#include <utility>

#include "intr/core/error.h"
#include "intr/model/architecture.h"
#include "intr/model/weight_import.h"
#include "intr/weights/weight_facts.h"

namespace intr {
namespace {

/// A published file may call a part by a name that we do not use; such names prove nothing.
bool is_comparable(const std::string& name) {
  return name.starts_with("resnet") || name == "sine" || name == "learned";
}
template <class T>
bool is_comparable(const T&) {
  return true;
}

/// Settles one field after the other.
class Resolution {
 public:
  Resolution(const WeightFile& file, const Architecture& shapes, const ModelRequest& request)
      : where_(file.path()),
        shapes_(shapes),
        request_(request),
        facts_(facts_of(file)),
        trains_on_(request.num_classes != 0) {
    model_.config = request.options;
  }

  ResolvedModel settle() && {
    ModelConfig& config = model_.config;
    told("backbone", config.backbone, shapes_.backbone, facts_.backbone);
    told("backbone_stages", config.backbone_stages, shapes_.backbone_stages,
         facts_.backbone_stages);
    told("position_embedding", config.position_embedding, shapes_.position_embedding,
         facts_.position_embedding);
    told("enc_layers", config.enc_layers, shapes_.enc_layers, facts_.enc_layers);
    told("dec_layers", config.dec_layers, shapes_.dec_layers, facts_.dec_layers);
    told("hidden_dim", config.hidden_dim, shapes_.hidden_dim, facts_.hidden_dim);
    told("dim_feedforward", config.dim_feedforward, shapes_.dim_feedforward,
         facts_.dim_feedforward);
    told("pre_norm", config.pre_norm, shapes_.pre_norm, facts_.pre_norm);
    add_source(fmt::format("{} heads", untold("nheads", config.nheads, facts_.nheads, false)));
    untold("dilation", config.dilation, facts_.dilation, false);
    add_source(config.dilation ? "dilation" : "no dilation");
    settle_choices();
    validate();
    settle_classes();
    model_.step = facts_.step;
    return std::move(model_);
  }

 private:
  /// What a further training may choose anew, and an evaluation takes as it is.
  void settle_choices() {
    ModelConfig& config = model_.config;
    untold("image_size", config.image_size, facts_.image_size, trains_on_);
    add_source(fmt::format("image size {}", config.image_size));
    untold("queries_per_class", config.queries_per_class, facts_.queries_per_class, trains_on_);
    if (config.queries_per_class != 1)
      add_source(fmt::format("{} queries per class", config.queries_per_class));
    untold("query_pooling", config.query_pooling, facts_.query_pooling, trains_on_);
    if (config.queries_per_class != 1)
      add_source(fmt::format("query pooling {}", config.query_pooling));
    if (!trains_on_ && facts_.dropout) config.dropout = facts_.dropout->value;
  }

  /// K and the names of the classes; of a finished model C must be K times the queries of a class.
  void settle_classes() {
    ModelConfig& config = model_.config;
    if (facts_.classes) model_.classes = facts_.classes->value;
    config.num_classes = request_.num_classes;
    if (trains_on_) return;
    const std::int64_t queries = shapes_.num_queries;
    const std::int64_t each = config.queries_per_class;
    config.num_classes = queries / each;
    if (facts_.classes)
      config.num_classes = static_cast<std::int64_t>(facts_.classes->value.size());
    if (facts_.num_classes) config.num_classes = facts_.num_classes->value;
    if (facts_.classes &&
        facts_.classes->value.size() != static_cast<std::size_t>(config.num_classes))
      throw DataError(fmt::format("names {} classes for a model of {}",
                                  facts_.classes->value.size(), config.num_classes),
                      where_, "use a file that was not changed by hand");
    if (queries % each != 0 || queries / each != config.num_classes)
      throw DataError(fmt::format("has {} queries, which is not {} classes x {} queries of a class",
                                  queries, config.num_classes, each),
                      where_, "give the --queries-per-class that it was trained with");
  }

  void validate() const {
    try {
      model_.config.validate();
    } catch (const UsageError& error) {
      if (given("nheads") || given("dilation") || given("image_size") ||
          given("queries_per_class") || given("query_pooling") || given("dropout"))
        throw;
      throw DataError(std::string("describes no model that can be built: ") + error.what(), where_,
                      "give --nheads if its heads are another number");
    }
  }

  /// A field that shapes decide.
  template <class T>
  void told(const std::string& field, T& value, const T& shape,
            const std::optional<Fact<T>>& fact) const {
    if (fact && is_comparable(fact->value) && fact->value != shape)
      throw DataError(fmt::format("{}: {} {}, but its tensors make {}", fact->source, field,
                                  fact->value, shape),
                      where_, "use a whole file: tensors are missing or from another model");
    require_agreement(field, value, shape);
    value = shape;
  }

  /// A field that shapes do not tell. @param option_wins a given option may change it
  template <class T>
  const T& untold(const std::string& field, T& value, const std::optional<Fact<T>>& fact,
                  bool option_wins) {
    source_ = given(field) ? "option --" + flag_of(field) : "default";
    if (fact && !(option_wins && given(field))) {
      require_agreement(field, value, fact->value);
      value = fact->value;
      source_ = fact->source;
    }
    return value;
  }

  template <class T>
  void require_agreement(const std::string& field, const T& option, const T& file) const {
    if (given(field) && option != file)
      throw UsageError(fmt::format("--{} {}, but {} has {}", flag_of(field), option, where_, file),
                       "", fmt::format("leave --{} out, or use another file", flag_of(field)));
  }
  bool given(const std::string& field) const {
    return request_.given && request_.given(flag_of(field));
  }
  void add_source(const std::string& what) {
    model_.sources.push_back(fmt::format("{}: {}", what, source_));
  }

  const std::string& where_;
  const Architecture& shapes_;
  const ModelRequest& request_;
  WeightFacts facts_;
  bool trains_on_;
  ResolvedModel model_;
  std::string source_;
};

}  // namespace

ResolvedModel resolve_model(const WeightFile& file, const NamedWeights& weights,
                            const ModelRequest& request) {
  const std::optional<Architecture> shapes = architecture_of(weights, file.path());
  if (!shapes)
    throw DataError("holds no model that is known here", file.path(),
                    "look what it holds: intr-weights inspect FILE");
  if (!shapes->complete)
    throw DataError(fmt::format("holds a backbone alone ({})", shapes->backbone), file.path(),
                    "start from it with intr-train --backbone-weights FILE");
  return Resolution(file, *shapes, request).settle();
}

}  // namespace intr
