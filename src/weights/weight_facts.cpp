// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/weight_facts.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>
#include <type_traits>

#include "intr/core/error.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kDamaged = "the file was changed by hand or damaged: make it again";

/// Applies `visit(name, fact)` to every fact that stands under its name.
template <class Facts, class Visit>
void for_each_fact(Facts& facts, const Visit& visit) {
  visit("num_classes", facts.num_classes);
  visit("queries_per_class", facts.queries_per_class);
  visit("query_pooling", facts.query_pooling);
  visit("nheads", facts.nheads);
  visit("dilation", facts.dilation);
  visit("dropout", facts.dropout);
  visit("image_size", facts.image_size);
  visit("backbone", facts.backbone);
  visit("backbone_stages", facts.backbone_stages);
  visit("position_embedding", facts.position_embedding);
  visit("enc_layers", facts.enc_layers);
  visit("dec_layers", facts.dec_layers);
  visit("hidden_dim", facts.hidden_dim);
  visit("dim_feedforward", facts.dim_feedforward);
  visit("pre_norm", facts.pre_norm);
}

Json parse_json(std::string_view text, const std::string& what, const std::string& where) {
  try {
    return Json::parse(text);
  } catch (const Json::exception&) {
    throw DataError(what + " is no JSON", where, kDamaged);
  }
}

void take_model(const Json& model, const std::string& source, const std::string& where,
                WeightFacts& facts) {
  if (!model.is_object()) throw DataError("its model configuration is no object", where, kDamaged);
  for_each_fact(facts, [&]<class T>(const char* name, std::optional<Fact<T>>& fact) {
    if (model.contains(name)) fact = Fact<T>{json_member<T>(model, name, where), source};
  });
}

void take_classes(const Json& classes, const std::string& source, const std::string& where,
                  WeightFacts& facts) {
  try {
    facts.classes = {classes.get<std::vector<std::string>>(), source};
  } catch (const Json::exception&) {
    throw DataError("its class names are no list of texts", where, kDamaged);
  }
}

std::int64_t parse_step(const std::string& text, const std::string& where) {
  std::int64_t step = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, step);
  if (error != std::errc() || end != last || step < 0)
    throw DataError("its step is no number", where, kDamaged);
  return step;
}

/// From the free text of our checkpoints and of safetensors files.
void take_metadata(const WeightFile& file, WeightFacts& facts) {
  const std::string& where = file.path();
  const bool checkpoint = file.format() == WeightFormat::checkpoint;
  const std::string source = checkpoint ? "config of the checkpoint" : "header of the file";
  const auto with_text = [&](const char* key, const auto& take) {
    const auto found = file.metadata().find(key);
    if (found != file.metadata().end()) take(found->second);
  };
  with_text(checkpoint ? "config" : kModelFact, [&](const std::string& text) {
    const Json config = parse_json(text, "its model configuration", where);
    take_model(checkpoint ? json_member<Json>(config, "model", where) : config, source, where,
               facts);
  });
  with_text(checkpoint ? "classes" : kClassesFact, [&](const std::string& text) {
    take_classes(parse_json(text, "its list of classes", where), source, where, facts);
  });
  with_text(checkpoint ? "step" : kStepFact,
            [&](const std::string& text) { facts.step = parse_step(text, where); });
}

/// A plain value as T; nothing if it is something else.
template <class T>
std::optional<T> as(const Value& value) {
  using Kind = Value::Kind;
  if constexpr (std::is_same_v<T, bool>) {
    if (value.kind() == Kind::boolean) return value.as_boolean();
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    if (value.kind() == Kind::integer) return value.as_integer();
  } else if constexpr (std::is_same_v<T, double>) {
    if (value.kind() == Kind::real) return value.as_real();
    if (value.kind() == Kind::integer) return static_cast<double>(value.as_integer());
  } else {
    if (value.kind() == Kind::text) return std::string(value.as_text());
  }
  return {};
}

/// From the options of a published training script.
void take_args(const Value& args, WeightFacts& facts) {
  for_each_fact(facts, [&]<class T>(const char* name, std::optional<Fact<T>>& fact) {
    const std::optional<Value> value = args.find(name);
    const std::optional<T> plain = value ? as<T>(*value) : std::nullopt;
    if (plain) fact = Fact<T>{*plain, "args of the file"};
  });
}

/// From the dict that our exports add.
void take_export(const Value& ours, const std::string& where, WeightFacts& facts) {
  const std::string source = "\"intr\" of the file";
  if (const std::optional<Value> model = ours.find("model")) {
    const std::optional<std::string> text = as<std::string>(*model);
    if (!text) throw DataError("its model configuration is no text", where, kDamaged);
    take_model(parse_json(*text, "its model configuration", where), source, where, facts);
  }
  if (const std::optional<Value> classes = ours.find("classes")) {
    Json names = Json::array();
    if (classes->kind() != Value::Kind::list)
      throw DataError("its class names are no list of texts", where, kDamaged);
    classes->for_each([&](const Value&, const Value& name) {
      const std::optional<std::string> text = as<std::string>(name);
      names.push_back(text ? Json(*text) : Json());
    });
    take_classes(names, source, where, facts);
  }
  if (const std::optional<Value> step = ours.find("step"))
    facts.step = as<std::int64_t>(*step).value_or(0);
}

}  // namespace

WeightFacts facts_of(const WeightFile& file) {
  WeightFacts facts;
  take_metadata(file, facts);
  const std::optional<Value> top = file.top();
  if (!top || top->kind() != Value::Kind::dict) return facts;
  const auto dict_at = [&](const char* key) -> std::optional<Value> {
    const std::optional<Value> value = top->find(key);
    return value && value->kind() == Value::Kind::dict ? value : std::nullopt;
  };
  if (const std::optional<Value> args = dict_at("args")) take_args(*args, facts);
  if (const std::optional<Value> ours = dict_at("intr")) take_export(*ours, file.path(), facts);
  return facts;
}

nlohmann::ordered_json model_json(const WeightFacts& facts) {
  Json model = Json::object();
  for_each_fact(facts, [&](const char* name, const auto& fact) {
    if (fact) model[name] = fact->value;
  });
  return model;
}

}  // namespace intr
