// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/checkpoint_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "checkpoint_reader.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/hdf5.h"

namespace intr {
namespace {

constexpr std::uint64_t kAlignment = 4096;

/// Writes data sets and, beside each, the hashes of its blocks.
class CheckedWriter {
 public:
  explicit CheckedWriter(const std::string& path) : file_(hdf5::File::create(path, kAlignment)) {
    for (const char* group : {"/check", "/flat", "/frozen", "/index", "/plan", "/json"})
      file_.make_group(group);
    for (const char* group : {"/flat", "/frozen", "/index", "/plan", "/json"})
      file_.make_group(std::string("/check") + group);
  }
  hdf5::File& file() { return file_; }

  template <class T>
  void write(const std::string& name, const std::vector<T>& values) {
    write(name, values, {values.size()});
  }
  template <class T>
  void write(const std::string& name, const std::vector<T>& values, const hdf5::Shape& shape) {
    file_.write(name, std::span<const T>(values), shape);
    write_check(name, std::as_bytes(std::span(values)));
  }
  void write_names(const std::string& name, const std::vector<std::string>& names) {
    const auto packed = hdf5::File::FixedStrings::pack(names);
    file_.write_fixed_strings(name, packed);
    write_check(name, std::as_bytes(std::span(packed.bytes)));
  }
  void write_json(const std::string& name, const nlohmann::ordered_json& value) {
    const std::string text = value.is_null() ? "{}" : value.dump();
    const auto bytes = std::as_bytes(std::span(text));
    write("/json/" + name, std::vector<std::byte>(bytes.begin(), bytes.end()));
  }

 private:
  void write_check(const std::string& name, std::span<const std::byte> bytes) {
    file_.write("/check" + name, block_hashes(bytes));
  }
  hdf5::File file_;
};

void write_index(CheckedWriter& out, const std::vector<CheckpointTensor>& tensors) {
  std::vector<std::string> names;
  std::vector<std::uint8_t> kinds, groups, dimensions;
  std::vector<std::int64_t> shapes;
  std::vector<std::uint64_t> offsets;
  for (const CheckpointTensor& tensor : tensors) {
    if (tensor.shape.size() > kCheckpointDimensions)
      throw InternalError("a tensor of more than 4 dimensions", tensor.name);
    names.push_back(tensor.name);
    kinds.push_back(static_cast<std::uint8_t>(tensor.kind));
    groups.push_back(tensor.group);
    dimensions.push_back(static_cast<std::uint8_t>(tensor.shape.size()));
    for (std::size_t d = 0; d < kCheckpointDimensions; ++d)
      shapes.push_back(d < tensor.shape.size() ? tensor.shape[d] : 0);
    offsets.push_back(tensor.offset);
  }
  out.write_names("/index/name", names);
  out.write("/index/kind", kinds);
  out.write("/index/group", groups);
  out.write("/index/ndim", dimensions);
  out.write("/index/shape", shapes, {tensors.size(), kCheckpointDimensions});
  out.write("/index/offset", offsets);
}

/// What is wrong with the arrays of a checkpoint; empty if nothing is.
std::string layout_fault(const Checkpoint& checkpoint, bool with_moments) {
  const std::size_t trainable = checkpoint.param.size();
  if (with_moments &&
      (checkpoint.exp_avg.size() != trainable || checkpoint.exp_avg_sq.size() != trainable))
    return "the moments and the parameters differ in length";
  return checkpoint_layout_fault(checkpoint.tensors, trainable, checkpoint.frozen.size());
}

void write_attributes(hdf5::File& file, const Checkpoint& checkpoint) {
  file.set_text("/", "format", kCheckpointFormat);
  file.set_numbers<std::uint16_t>("/", "format_version", {kCheckpointMajor, kCheckpointMinor});
  file.set_number("/", "step", static_cast<std::uint64_t>(checkpoint.step));
  file.set_number("/", "epoch", static_cast<std::uint32_t>(checkpoint.epoch));
  file.set_number("/", "next_position", static_cast<std::uint64_t>(checkpoint.next_position));
  file.set_text("/", "phase", checkpoint.phase);
}

}  // namespace

std::uint64_t CheckpointTensor::num_values() const noexcept {
  std::uint64_t count = 1;
  for (const std::int64_t extent : shape) count *= static_cast<std::uint64_t>(extent);
  return count;
}

const float* Checkpoint::values(const CheckpointTensor& tensor) const {
  const std::vector<float>& array = tensor.kind == TensorKind::kTrainable ? param : frozen;
  if (tensor.offset + tensor.num_values() > array.size())
    throw InternalError("a tensor lies outside its array", tensor.name);
  return array.data() + tensor.offset;
}

const CheckpointTensor* Checkpoint::find(const std::string& name) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const CheckpointTensor& t) { return t.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  const std::string fault = layout_fault(checkpoint, true);
  if (!fault.empty()) throw InternalError(fault, path);
  CheckedWriter out(path);
  write_attributes(out.file(), checkpoint);
  out.write("/flat/param", checkpoint.param);
  out.write("/flat/exp_avg", checkpoint.exp_avg);
  out.write("/flat/exp_avg_sq", checkpoint.exp_avg_sq);
  out.write("/frozen/f32", checkpoint.frozen);
  write_index(out, checkpoint.tensors);
  out.write("/plan/parameter", checkpoint.plan_parameter);
  out.write("/plan/bucket_end", checkpoint.plan_bucket_end);
  out.write_json("config", checkpoint.config);
  out.write_json("sampler", checkpoint.sampler);
  out.write_json("schedule", checkpoint.schedule);
  out.write_json("history", checkpoint.history);
  out.write_json("classes", checkpoint.classes);
  out.write_json("environment", checkpoint.environment);
  out.file().close();
  try {
    static_cast<void>(read_checkpoint(path));
  } catch (const DataError& error) {
    throw EnvironmentError(fmt::format("what was written does not read back: {}", error.what()),
                           path, "check the file system; the checkpoint before it stands");
  }
}

Checkpoint read_checkpoint(const std::string& path, bool with_moments) {
  const CheckpointReader in(path);
  Checkpoint checkpoint;
  in.read_attributes(checkpoint);
  checkpoint.tensors = in.read_index();
  checkpoint.param = in.read<float>("/flat/param");
  checkpoint.frozen = in.read<float>("/frozen/f32");
  if (with_moments) {
    checkpoint.exp_avg = in.read<float>("/flat/exp_avg");
    checkpoint.exp_avg_sq = in.read<float>("/flat/exp_avg_sq");
  }
  const std::string fault = layout_fault(checkpoint, with_moments);
  if (!fault.empty()) in.fail(fault);
  checkpoint.plan_parameter = in.read<std::uint32_t>("/plan/parameter");
  checkpoint.plan_bucket_end = in.read<std::uint32_t>("/plan/bucket_end");
  checkpoint.config = in.read_json("config");
  checkpoint.sampler = in.read_json("sampler");
  checkpoint.schedule = in.read_json("schedule");
  checkpoint.history = in.read_json("history");
  checkpoint.environment = in.read_json("environment");
  const nlohmann::ordered_json classes = in.read_json("classes");
  if (!classes.is_array() || !std::all_of(classes.begin(), classes.end(),
                                          [](const auto& name) { return name.is_string(); }))
    in.fail("/json/classes is no list of names");
  checkpoint.classes = classes.get<std::vector<std::string>>();
  return checkpoint;
}

}  // namespace intr
