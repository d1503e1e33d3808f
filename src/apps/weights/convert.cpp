// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>

#include "commands.h"
#include "common.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "intr/model/parameter_table.h"
#include "intr/weights/weight_export.h"
#include "published_run.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

struct ConvertOptions {
  CommonOptions common;
  Words files;
  std::string to;
  std::string keys = "intr";
  std::string dtype = "keep";
  bool with_optimizer = false;
  Words drop;
  bool force = false;
};

ExportFormat format_of(const ConvertOptions& o) {
  const std::string suffix = fs::path(o.files[1]).extension().string();
  const bool pth = suffix == ".pth" || suffix == ".pt";
  if (!o.to.empty()) {
    require_choice("to", o.to, {"pth", "safetensors", "hf"});
    if (o.to == "pth" ? suffix == ".safetensors" : pth)
      throw UsageError(fmt::format("'{}' contradicts the name {}", o.to, quoted_name(o.files[1])),
                       "--to", "give OUT the suffix of what is written");
    return o.to == "pth" ? ExportFormat::pth
                         : (o.to == "hf" ? ExportFormat::hf : ExportFormat::safetensors);
  }
  if (pth) return ExportFormat::pth;
  if (suffix == ".safetensors") return ExportFormat::safetensors;
  throw UsageError(fmt::format("the name {} does not say the format", quoted_name(o.files[1])),
                   "OUT", "end it in .pth or .safetensors, or add --to pth, safetensors or hf");
}

std::optional<DType> type_of(const std::string& name) {
  require_choice("dtype", name, {"keep", "f32", "f16", "bf16"});
  if (name == "f32") return DType::f32;
  if (name == "f16") return DType::f16;
  if (name == "bf16") return DType::bf16;
  return {};
}

/// The published order of a model's names; empty if its architecture is not known.
std::vector<std::string> published_order(const WeightFile& file) {
  const auto shapes = architecture_of(name_weights(file), file.path());
  if (!shapes || !shapes->complete) return {};
  std::vector<std::string> names;
  for (const ParameterRow& row : parameter_table(config_of(*shapes))) names.push_back(row.name);
  return names;
}

ExportRequest request_of(const ConvertOptions& o, const WeightFile& file) {
  ExportRequest request{.format = format_of(o),
                        .raw_keys = o.keys == "raw",
                        .type = type_of(o.dtype),
                        .with_optimizer = o.with_optimizer,
                        .drop = o.drop};
  if (!request.raw_keys) request.order = published_order(file);
  if (o.with_optimizer && file.format() == WeightFormat::checkpoint)
    request.optimizer = published_optimizer(file);
  return request;
}

void require_writable(const ConvertOptions& o, const WeightFile& file) {
  const std::string& out = o.files[1];
  std::error_code ignored;
  if (!fs::exists(out, ignored)) return;
  if (fs::equivalent(out, file.path(), ignored))
    throw UsageError("is the file that is converted", out, "choose another name");
  if (!o.force) throw UsageError("is there already", out, "choose another name, or add --force");
}

void report(const ConvertOptions& o, const ExportPlan& plan) {
  const std::string& out = o.files[1];
  const auto bytes = fs::file_size(out);
  if (o.common.json) {
    nlohmann::ordered_json left_out = nlohmann::ordered_json::array();
    for (const DroppedKey& key : plan.left_out)
      left_out.push_back({{"key", key.key}, {"why", key.why}});
    fmt::print("{}\n", nlohmann::ordered_json({{"file", printable(out)},
                                               {"format", name_of(plan.format)},
                                               {"tensors", plan.weights.tensors.size()},
                                               {"bytes", bytes},
                                               {"converted", plan.converted},
                                               {"left_out", left_out},
                                               {"notes", plan.notes}})
                           .dump(2));
    return;
  }
  for (const DroppedKey& key : plan.left_out)
    log::info("left out: {} ({})", printable(key.key), key.why);
  for (const std::string& note : plan.notes) log::info("note: {}", note);
  log::info("{}: {} tensors, {}{}", printable(out), plan.weights.tensors.size(), megabytes(bytes),
            plan.converted > 0 ? fmt::format(", {} converted to {}", plan.converted, o.dtype) : "");
}

}  // namespace

ExitCode convert_weights(const Words& words) {
  ConvertOptions o;
  OptionSet set("intr-weights convert IN OUT [options]",
                "Writes a weight file in another format. What comes out loads in Python:\n"
                "  torch.load(\"model.pth\", weights_only=True)[\"model\"]");
  set.positional("IN OUT", o.files, 2, 2,
                 "weight file or run directory; file to write (.pth or .safetensors)");
  set.group("What")
      .add("to", o.to,
           "pth, safetensors, or hf (safetensors with Hugging Face's names); none = "
           "by OUT's name")
      .add("keys", o.keys, "intr (the model alone, published names), raw (everything as it is)")
      .add("dtype", o.dtype, "of the model's tensors: keep, f32, f16, bf16")
      .add("with-optimizer", o.with_optimizer,
           "also optimizer, lr_scheduler and epoch, for the published --resume; .pth only")
      .add("drop", o.drop, "leave out tensors of this name; * and ? are wildcards")
      .add("force", o.force, "replace OUT if it is there");
  describe(o.common, set);
  if (!parse(set, words, o.common)) return ExitCode::kDone;
  require_choice("keys", o.keys, {"intr", "raw"});
  static_cast<void>(format_of(o));
  const WeightFile file = open_weights(o.files[0], o.common);
  require_writable(o, file);
  const ExportPlan plan = plan_export(file, request_of(o, file));
  write_export(plan, o.files[1], o.common.limits).commit();
  report(o, plan);
  return ExitCode::kDone;
}

}  // namespace intr
