// SPDX-License-Identifier: Apache-2.0
// Our checkpoints as weight files: tensors under the paths of the published .pth file.
#include <fmt/format.h>

#include <utility>

#include "checkpoint_reader.h"
#include "weight_contents.h"

namespace intr {
namespace {

/// A data set of f32 as a storage. @return its number
std::size_t add_storage(const CheckpointReader& reader, const std::string& name,
                        WeightContents& contents) {
  reader.require_plain(name);
  if (reader.file().element_type(name) != hdf5::Type::f32)
    reader.fail(fmt::format("{} holds no 32-bit floats", name));
  std::uint64_t values = 1;
  for (const std::uint64_t extent : reader.file().shape(name)) values *= extent;
  contents.storages.push_back({.name = name,
                               .begin = reader.file().byte_offset(name),
                               .bytes = values * sizeof(float),
                               .block_hashes = reader.stored_hashes(name)});
  return contents.storages.size() - 1;
}

std::uint64_t num_values(const WeightContents& contents, std::size_t storage) {
  return contents.storages[storage].bytes / sizeof(float);
}

TensorEntry entry_of(const CheckpointTensor& tensor, std::string name, std::size_t storage) {
  return {.name = std::move(name),
          .type = DType::f32,
          .type_name = name_of(DType::f32),
          .shape = tensor.shape,
          .stride = row_major_stride(tensor.shape),
          .offset = static_cast<std::int64_t>(tensor.offset),
          .storage = storage,
          .bytes = tensor.num_values() * sizeof(float)};
}

}  // namespace

WeightContents parse_checkpoint(const InputFile& file, const WeightLimits& limits) {
  const CheckpointReader reader(file.path());
  WeightContents contents;
  const std::size_t param = add_storage(reader, "/flat/param", contents);
  const std::size_t frozen = add_storage(reader, "/frozen/f32", contents);
  const std::size_t exp_avg = add_storage(reader, "/flat/exp_avg", contents);
  const std::size_t exp_avg_sq = add_storage(reader, "/flat/exp_avg_sq", contents);
  const std::vector<CheckpointTensor> tensors = reader.read_index();
  const std::string fault =
      checkpoint_layout_fault(tensors, num_values(contents, param), num_values(contents, frozen));
  if (!fault.empty()) reader.fail(fault);
  if (num_values(contents, exp_avg) != num_values(contents, param) ||
      num_values(contents, exp_avg_sq) != num_values(contents, param))
    reader.fail("the moments and the parameters differ in length");

  for (const CheckpointTensor& tensor : tensors)
    contents.entries.push_back(entry_of(tensor, "model/" + tensor.name,
                                        tensor.kind == TensorKind::kTrainable ? param : frozen));
  std::int64_t trained = 0;
  for (const CheckpointTensor& tensor : tensors) {
    if (tensor.kind != TensorKind::kTrainable) continue;
    const std::string state = fmt::format("optimizer/state/{}/", trained++);
    contents.entries.push_back(entry_of(tensor, state + "exp_avg", exp_avg));
    contents.entries.push_back(entry_of(tensor, state + "exp_avg_sq", exp_avg_sq));
  }
  check_budget(contents.entries, limits, file.path());
  for (const char* name : {"config", "sampler", "schedule", "history", "classes", "environment"})
    contents.metadata.emplace(name, reader.read_text(name));
  Checkpoint place;
  reader.read_attributes(place);
  contents.metadata.emplace("step", fmt::format("{}", place.step));
  contents.metadata.emplace("epoch", fmt::format("{}", place.epoch));
  return contents;
}

}  // namespace intr
