// SPDX-License-Identifier: Apache-2.0
#include "raw_export.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "export_tensors.h"
#include "export_values.h"
#include "tree_building.h"

namespace intr {
namespace {

using Kind = Value::Kind;

/// Optimizer state is never rounded: only the model is wanted smaller.
std::optional<DType> type_for(const std::string& name, const ExportRequest& request) {
  return name.starts_with("optimizer/") ? std::nullopt : request.type;
}

/// The words of a path.
std::vector<std::string> words_of(const std::string& path) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  for (std::size_t slash = path.find('/'); slash != std::string::npos;
       slash = path.find('/', begin)) {
    words.push_back(path.substr(begin, slash - begin));
    begin = slash + 1;
  }
  words.push_back(path.substr(begin));
  return words;
}

/// The key as a pickle of torch has it: optimizers number their state.
Value::Node key_node(ValueTree& tree, const std::string& word) {
  const bool number = !word.empty() && word.size() < 10 &&
                      word.find_first_not_of("0123456789") == std::string::npos;
  return number ? tree.add(Kind::integer, std::stoll(word)) : tree.add_text(word);
}

/// Puts a tensor into nested dicts.
void put_at(ValueTree& tree, Value::Node dict, const std::string& path, Value::Node item) {
  const std::vector<std::string> words = words_of(path);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::optional<Value> below = tree.value(dict).find(words[i]);
    Value::Node next = 0;
    if (below) {
      next = below->node();
    } else {
      next = tree.add_container(Kind::dict);
      tree.insert(dict, key_node(tree, words[i]), next);
    }
    dict = next;
  }
  tree.insert(dict, key_node(tree, words.back()), item);
}

class RawExport {
 public:
  RawExport(const WeightFile& file, const ExportRequest& request, DropPatterns& patterns,
            ExportPlan& plan)
      : file_(file),
        request_(request),
        patterns_(patterns),
        plan_(plan),
        out_(file, plan,
             request.format == ExportFormat::pth && file.format() != WeightFormat::checkpoint) {}

  void run() {
    if (request_.format == ExportFormat::safetensors) return plan_safetensors();
    if (!file_.top()) return plan_pth_of_names();
    ExportValues values(file_, plan_, out_, patterns_);
    values.announce("");
    plan_.top = values.copy(*file_.top(), "", request_.type);
  }

 private:
  bool left_out(const std::string& name) {
    if (!patterns_.drops(name)) return false;
    plan_.left_out.push_back({name, "--drop"});
    return true;
  }
  std::vector<std::size_t> add_tensors();
  void plan_safetensors();
  void plan_pth_of_names();

  const WeightFile& file_;
  const ExportRequest& request_;
  DropPatterns& patterns_;
  ExportPlan& plan_;
  ExportTensors out_;
};

/// @return their numbers
std::vector<std::size_t> RawExport::add_tensors() {
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < file_.entries().size(); ++i) {
    const std::string& name = file_.entries()[i].name;
    if (!left_out(name)) numbers.push_back(out_.add(name, i, type_for(name, request_)));
  }
  return numbers;
}

/// Plain values become texts of the header.
void RawExport::plan_safetensors() {
  add_tensors();
  for (const auto& [key, text] : file_.metadata()) plan_.metadata.emplace(key, text);
  plan_.metadata.emplace("format", "pt");
  std::int64_t values = 0;
  file_.for_each_value([&](const std::string& path, const Value& value) {
    if (left_out(path)) return;
    const bool is_text = value.kind() == Value::Kind::text;
    if (plan_.metadata.emplace(path, is_text ? std::string(value.as_text()) : shown(value)).second)
      ++values;
    else
      plan_.left_out.push_back({path, "the header has a text of this name"});
  });
  if (values > 0)
    plan_.notes.push_back(
        fmt::format("{} values beside the tensors become texts in __metadata__", values));
}

/// From a format that knows no tree: nested for our checkpoints, whose names are paths.
void RawExport::plan_pth_of_names() {
  ValueTree& tree = plan_.tree;
  plan_.top = tree.add_container(Kind::dict);
  const bool nested = file_.format() == WeightFormat::checkpoint;
  for (const std::size_t number : add_tensors()) {
    const std::string& name = plan_.weights.tensors[number].name;
    if (nested)
      put_at(tree, plan_.top, name, tensor_node(tree, number));
    else
      put(tree, plan_.top, name, tensor_node(tree, number));
  }
  for (const auto& [key, text] : file_.metadata()) {
    if (nested && !left_out(key))
      put(tree, plan_.top, key, tree.add_text(text));
    else if (!nested && key != "format")
      plan_.left_out.push_back({key, "text of the header: a state dict holds tensors alone"});
  }
}

}  // namespace

void plan_raw_export(const WeightFile& file, const ExportRequest& request, DropPatterns& patterns,
                     ExportPlan& plan) {
  RawExport(file, request, patterns, plan).run();
}

}  // namespace intr
