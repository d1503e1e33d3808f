// SPDX-License-Identifier: Apache-2.0
#include "model_export.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "checkpoint_reader.h"
#include "export_tensors.h"
#include "export_values.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/weights/hugging_face_names.h"
#include "intr/weights/weight_facts.h"
#include "tree_building.h"

namespace intr {
namespace {

using Kind = Value::Kind;
using Tensors = std::vector<const NamedTensor*>;
constexpr const char* kResumeKeys[] = {"optimizer", "lr_scheduler", "epoch"};

class ModelExport {
 public:
  ModelExport(const WeightFile& file, const ExportRequest& request, DropPatterns& patterns,
              ExportPlan& plan)
      : file_(file),
        request_(request),
        patterns_(patterns),
        plan_(plan),
        named_(name_weights(file)),
        facts_(facts_of(file)),
        out_(file, plan,
             request.format == ExportFormat::pth && file.format() != WeightFormat::checkpoint) {}

  void run() {
    plan_.left_out.insert(plan_.left_out.end(), named_.dropped.begin(), named_.dropped.end());
    if (named_.family == WeightFamily::unknown)
      plan_.notes.emplace_back("the family is unknown: keys stay as they are");
    const Tensors tensors = chosen_tensors();
    if (request_.format == ExportFormat::pth)
      plan_pth(tensors);
    else
      plan_safetensors(tensors);
  }

 private:
  Tensors chosen_tensors();
  void plan_pth(const Tensors& tensors);
  void plan_safetensors(const Tensors& tensors);
  void add_hugging_face(const Tensors& tensors);
  std::vector<std::string> add_optimizer();
  void add_checkpoint_optimizer();
  void add_facts();
  const WeightFile& file_;
  const ExportRequest& request_;
  DropPatterns& patterns_;
  ExportPlan& plan_;
  NamedWeights named_;
  WeightFacts facts_;
  ExportTensors out_;
};

/// In the wished order, less what is dropped.
Tensors ModelExport::chosen_tensors() {
  std::map<std::string_view, std::size_t> place;
  for (std::size_t i = 0; i < request_.order.size(); ++i) place.emplace(request_.order[i], i);
  const auto place_of = [&](const NamedTensor* tensor) {
    const auto found = place.find(tensor->name);
    return found == place.end() ? place.size() : found->second;
  };
  Tensors tensors;
  for (const NamedTensor& tensor : named_.tensors) {
    if (patterns_.drops(tensor.name))
      plan_.left_out.push_back({tensor.name, "--drop"});
    else
      tensors.push_back(&tensor);
  }
  std::stable_sort(tensors.begin(), tensors.end(),
                   [&](const auto* a, const auto* b) { return place_of(a) < place_of(b); });
  if (tensors.empty()) throw DataError("no tensor is left to write", file_.path());
  return tensors;
}

void ModelExport::plan_pth(const Tensors& tensors) {
  for (const NamedTensor* tensor : tensors)
    if (tensor->parts.size() == 1) out_.announce(tensor->parts[0]);
  ValueTree& tree = plan_.tree;
  plan_.top = tree.add_container(Kind::dict);
  const Value::Node model = tree.add_container(Kind::dict);
  put(tree, plan_.top, "model", model);
  for (const NamedTensor* tensor : tensors)
    put(tree, model, tensor->name,
        tensor_node(tree, out_.add("model/" + tensor->name, *tensor, request_.type)));
  const std::vector<std::string> kept =
      request_.with_optimizer ? add_optimizer() : std::vector<std::string>();
  add_facts();
  list_left_out(file_, named_, kept, plan_);
}

/// @return the keys of the source that were taken along
std::vector<std::string> ModelExport::add_optimizer() {
  if (request_.optimizer) {
    add_checkpoint_optimizer();
    return {"optimizer", "epoch", "schedule"};
  }
  const std::optional<Value> top = file_.top();
  if (!top || !top->find("optimizer"))
    throw DataError("--with-optimizer: there is no optimizer state in it", file_.path(),
                    "leave out --with-optimizer, or give a checkpoint of a training run");
  std::vector<std::string> kept;
  ExportValues values(file_, plan_, out_, patterns_);
  values.announce("optimizer");
  for (const char* key : kResumeKeys) {
    const std::optional<Value> value = top->find(key);
    if (!value) continue;
    put(plan_.tree, plan_.top, key, values.copy(*value, key, {}));
    kept.emplace_back(key);
  }
  return kept;
}

void ModelExport::add_checkpoint_optimizer() {
  const PublishedOptimizer& optimizer = *request_.optimizer;
  std::size_t group_size = 0;
  std::size_t trained = 0;
  for (const CheckpointTensor& tensor : CheckpointReader(file_.path()).read_index()) {
    if (tensor.kind != TensorKind::kTrainable) continue;
    ++trained;
    if (tensor.group == 0) ++group_size;
  }
  const auto steps = static_cast<float>(optimizer.steps);
  std::vector<MomentTensors> moments(trained);
  for (std::size_t i = 0; i < trained; ++i) {
    const std::string state = fmt::format("optimizer/state/{}/", i);
    const auto add = [&](const char* name) {
      const TensorEntry& entry = file_.entry(state + name);
      return out_.add(entry.name, static_cast<std::size_t>(&entry - file_.entries().data()), {});
    };
    moments[i].step = plan_.weights.add(state + "step", DType::f32, {}, [steps](auto out) {
      std::ranges::copy(std::as_bytes(std::span(&steps, 1)), out.begin());
    });
    moments[i].exp_avg = add("exp_avg");
    moments[i].exp_avg_sq = add("exp_avg_sq");
  }
  add_published_optimizer(plan_.tree, plan_.top, optimizer, moments, group_size);
  plan_.notes.insert(plan_.notes.end(), optimizer.notes.begin(), optimizer.notes.end());
}

/// The dict "intr" of our .pth files.
void ModelExport::add_facts() {
  ValueTree& tree = plan_.tree;
  const Value::Node ours = tree.add_container(Kind::dict);
  const nlohmann::ordered_json model = model_json(facts_);
  if (!model.empty()) put(tree, ours, "model", tree.add_text(model.dump()));
  if (facts_.classes) {
    const Value::Node names = tree.add_container(Kind::list);
    for (const std::string& name : facts_.classes->value) tree.append(names, tree.add_text(name));
    put(tree, ours, "classes", names);
  }
  if (facts_.step > 0) put(tree, ours, "step", tree.add(Kind::integer, facts_.step));
  if (tree.value(ours).size() > 0) put(tree, plan_.top, "intr", ours);
}

void ModelExport::plan_safetensors(const Tensors& tensors) {
  if (request_.format == ExportFormat::hf)
    add_hugging_face(tensors);
  else
    for (const NamedTensor* tensor : tensors) out_.add(tensor->name, *tensor, request_.type);
  plan_.metadata.emplace("format", "pt");
  const nlohmann::ordered_json model = model_json(facts_);
  if (!model.empty()) plan_.metadata.emplace(kModelFact, model.dump());
  if (facts_.classes)
    plan_.metadata.emplace(kClassesFact, nlohmann::ordered_json(facts_.classes->value).dump());
  if (facts_.step > 0) plan_.metadata.emplace(kStepFact, fmt::format("{}", facts_.step));
  list_left_out(file_, named_, {}, plan_);
}

void ModelExport::add_hugging_face(const Tensors& tensors) {
  std::vector<std::string> nameless;
  for (const NamedTensor* tensor : tensors) {
    const std::int64_t rows = tensor->shape.empty() ? 0 : tensor->shape[0];
    const std::vector<RenamedRows> parts = hugging_face_parts(tensor->name, rows);
    if (parts.empty()) nameless.push_back(quoted_name(tensor->name));
    if (parts.size() == 1) out_.add(parts[0].name, *tensor, request_.type);
    if (parts.size() > 1)
      for (const RenamedRows& part : parts)
        out_.add_rows(part.name, *tensor, part.first_row, part.num_rows, request_.type);
  }
  if (!nameless.empty())
    throw DataError(fmt::format("Hugging Face has no name for {} of its tensors: {}",
                                nameless.size(), fmt::join(nameless, ", ")),
                    file_.path(), "leave them out with --drop, or write --to safetensors");
  plan_.notes.emplace_back(
      "Hugging Face's detection heads (class_labels_classifier, bbox_predictor) are not in it");
}

std::string top_key(const std::string& path) { return path.substr(0, path.find('/')); }

}  // namespace

void plan_model_export(const WeightFile& file, const ExportRequest& request, DropPatterns& patterns,
                       ExportPlan& plan) {
  ModelExport(file, request, patterns, plan).run();
}

void list_left_out(const WeightFile& file, const NamedWeights& named,
                   const std::vector<std::string>& kept, ExportPlan& plan) {
  struct Count {
    std::int64_t tensors = 0;
    std::int64_t values = 0;
  };
  std::vector<bool> used(file.entries().size(), false);
  for (const NamedTensor& tensor : named.tensors)
    for (const std::size_t part : tensor.parts) used[part] = true;
  std::map<std::string, Count> left;
  for (std::size_t i = 0; i < used.size(); ++i)
    if (!used[i] && top_key(file.entries()[i].name) != named.root)
      ++left[top_key(file.entries()[i].name)].tensors;
  file.for_each_value([&](const std::string& path, const Value&) { ++left[top_key(path)].values; });
  for (const DroppedKey& dropped : named.dropped) left.erase(dropped.key);
  for (const std::string& key : kept) left.erase(key);
  left.erase("intr");
  for (const auto& [key, count] : left) {
    const char* hint = key == "optimizer" && plan.format == ExportFormat::pth
                           ? "; --with-optimizer takes it along"
                           : "";
    plan.left_out.push_back({key, fmt::format("no part of the model: {} tensors, {} values{}",
                                              count.tensors, count.values, hint)});
  }
  for (const auto& [key, text] : file.metadata())
    if (!key.starts_with("intr_") && key != "format" && key != "classes" && key != "step" &&
        std::ranges::find(kept, key) == kept.end())
      plan.left_out.push_back({key, fmt::format("text of {} bytes", text.size())});
}

}  // namespace intr
