// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/weight_export.h"

#include <fmt/format.h>

#include "drop_patterns.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/printable.h"
#include "intr/weights/pth_writer.h"
#include "intr/weights/safetensors_writer.h"
#include "model_export.h"
#include "raw_export.h"

namespace intr {
namespace {

void check(const ExportRequest& request) {
  if (request.with_optimizer && request.format != ExportFormat::pth)
    throw UsageError("only a .pth file can hold an optimizer", "--with-optimizer",
                     "write --to pth");
  if (request.raw_keys && request.format == ExportFormat::hf)
    throw UsageError("--to hf gives every tensor a name of Hugging Face's", "--keys raw",
                     "leave out --keys, or write --to safetensors");
  if (request.with_optimizer && !request.drop.empty() && !request.raw_keys)
    throw UsageError("the optimizer counts the model's tensors, so none may be missing",
                     "--drop with --with-optimizer", "give one of the two");
}

/// Plain values of a tree, as one number.
std::string values_hash(const Value& top, const WeightLimits& limits, const std::string& where) {
  Hash128 hash;
  for_each_leaf(top, limits, where, [&](const std::string& path, const Value& leaf) {
    if (leaf.kind() == Value::Kind::tensor) return;
    hash.add(std::string_view(path)).add(std::string_view(shown(leaf)));
  });
  return hash.hex();
}

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw EnvironmentError("what was written does not read back: " + what, path,
                         "check the file system and its room");
}

/// @param hashes of the tensors that were written
void compare(const ExportPlan& plan, const std::vector<std::uint64_t>& hashes,
             const WeightFile& written, const WeightLimits& limits) {
  if (written.entries().size() != plan.weights.tensors.size())
    fail(fmt::format("{} tensors of {}", written.entries().size(), plan.weights.tensors.size()),
         written.path());
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const OutputTensor& tensor = plan.weights.tensors[i];
    const TensorEntry* entry = written.find(tensor.name);
    if (entry == nullptr || entry->shape != tensor.shape ||
        entry->type != plan.weights.type(tensor))
      fail(quoted_name(tensor.name) + " is missing or another", written.path());
    bytes.resize(entry->bytes);
    written.read(*entry, bytes);
    if (xxh3_64(std::span<const std::byte>(bytes)) != hashes[i])
      fail(quoted_name(tensor.name) + " has other values", written.path());
  }
  const std::optional<Value> top = written.top();
  if (top && values_hash(*top, limits, written.path()) !=
                 values_hash(plan.tree.value(plan.top), limits, written.path()))
    fail("other values beside the tensors", written.path());
  if (!top && written.metadata() != plan.metadata) fail("another header", written.path());
}

}  // namespace

std::string_view name_of(ExportFormat format) {
  switch (format) {
    case ExportFormat::pth:
      return "pth";
    case ExportFormat::safetensors:
      return "safetensors";
    case ExportFormat::hf:
      break;
  }
  return "hf";
}

ExportPlan plan_export(const WeightFile& file, const ExportRequest& request) {
  check(request);
  ExportPlan plan;
  plan.format = request.format;
  DropPatterns patterns(request.drop);
  if (request.raw_keys)
    plan_raw_export(file, request, patterns, plan);
  else
    plan_model_export(file, request, patterns, plan);
  patterns.require_all_used();
  return plan;
}

AtomicFile write_export(const ExportPlan& plan, const std::string& out,
                        const WeightLimits& limits) {
  AtomicFile file(out);
  const std::string& path = file.temporary_path();
  const std::vector<std::uint64_t> hashes =
      plan.format == ExportFormat::pth ? write_pth(path, plan.weights, plan.tree.value(plan.top))
                                       : write_safetensors(path, plan.weights, plan.metadata);
  try {
    compare(plan, hashes, WeightFile(path, limits), limits);
  } catch (const DataError& error) {
    fail(error.what(), path);
  }
  return file;
}

}  // namespace intr
