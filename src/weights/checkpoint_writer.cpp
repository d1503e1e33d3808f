// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <span>

#include "checkpoint_reader.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"
#include "intr/io/file_patch.h"
#include "intr/io/file_seal.h"
#include "intr/io/hdf5.h"
#include "intr/io/output_file.h"
#include "intr/weights/checkpoint_file.h"

namespace intr {
namespace {

static_assert(std::endian::native == std::endian::little, "values are written as they lie");
constexpr std::uint64_t kAlignment = 4096;

/// Writes data sets and, beside each, the hashes of its blocks.
class CheckedWriter {
 public:
  explicit CheckedWriter(const std::string& path) : file_(hdf5::File::create(path, kAlignment)) {}
  void make_groups() {
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

void write_attributes(hdf5::File& file, const Checkpoint& checkpoint) {
  file.set_text("/", "format", kCheckpointFormat);
  file.set_numbers<std::uint16_t>("/", "format_version", {kCheckpointMajor, kCheckpointMinor});
  file.set_number("/", "step", static_cast<std::uint64_t>(checkpoint.step));
  file.set_number("/", "epoch", static_cast<std::uint32_t>(checkpoint.epoch));
  file.set_number("/", "next_position", static_cast<std::uint64_t>(checkpoint.next_position));
  file.set_text("/", "phase", checkpoint.phase);
}

struct FlatPart {
  FlatArray array;
  const char* name;
};
constexpr std::array kFlatParts = {FlatPart{FlatArray::kParam, "/flat/param"},
                                   FlatPart{FlatArray::kExpAvg, "/flat/exp_avg"},
                                   FlatPart{FlatArray::kExpAvgSq, "/flat/exp_avg_sq"}};

/// Bytes of the file where a large array and the hashes of its blocks lie.
struct FlatPlace {
  FlatArray array = FlatArray::kParam;
  std::uint64_t values = 0;
  std::uint64_t hashes = 0;
};

std::uint64_t num_blocks(std::uint64_t num_values) {
  const std::uint64_t bytes = num_values * sizeof(float);
  return (bytes + kCheckpointBlock - 1) / kCheckpointBlock;
}

void write_meta(CheckedWriter& out, const Checkpoint& head) {
  out.make_groups();
  write_attributes(out.file(), head);
  write_index(out, head.tensors);
  out.write("/plan/parameter", head.plan_parameter);
  out.write("/plan/bucket_end", head.plan_bucket_end);
  out.write_json("config", head.config);
  out.write_json("sampler", head.sampler);
  out.write_json("schedule", head.schedule);
  out.write_json("history", head.history);
  out.write_json("classes", head.classes);
  out.write_json("environment", head.environment);
  out.write("/frozen/f32", head.frozen);
}

std::vector<FlatPlace> make_flat_arrays(hdf5::File& file, std::uint64_t num_values) {
  std::vector<FlatPlace> places;
  for (const FlatPart& part : kFlatParts) {
    const std::string name = part.name;
    file.create_dataset(name, hdf5::Type::f32, {num_values});
    file.create_dataset("/check" + name, hdf5::Type::u64, {num_blocks(num_values)});
    places.push_back({.array = part.array,
                      .values = file.byte_offset(name),
                      .hashes = file.byte_offset("/check" + name)});
  }
  return places;
}

void write_flat_array(FilePatch& file, const FlatPlace& place, const FlatValues& values) {
  constexpr std::uint64_t kValues = kCheckpointBlock / sizeof(float);
  std::vector<float> block(std::min(kValues, values.num_values));
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t first = 0; first < values.num_values; first += kValues) {
    const std::span<float> part(block.data(), std::min(kValues, values.num_values - first));
    values.copy(place.array, first, part);
    const auto bytes = std::as_bytes(part);
    hashes.push_back(xxh3_64(bytes));
    file.write(place.values + first * sizeof(float), bytes);
  }
  file.write(place.hashes, std::as_bytes(std::span(hashes)));
}

/// Sets the room for the whole file aside. HDF5 ends the process if a full disk keeps it from
/// closing a file, so the answer must be known before it opens one.
void reserve(const std::string& path, std::uint64_t bytes) {
  OutputFile(path).close();
  reserve_space(path, bytes);
}

}  // namespace

std::uint64_t checkpoint_bytes(std::uint64_t num_trainable, std::uint64_t num_frozen) noexcept {
  return (3 * num_trainable + num_frozen) * sizeof(float) + (std::uint64_t{1} << 20);
}

FlatValues flat_values_of(const Checkpoint& checkpoint) {
  return {
      .num_values = checkpoint.param.size(),
      .copy = [&checkpoint](FlatArray array, std::uint64_t first, std::span<float> out) {
        const std::vector<float>& values = array == FlatArray::kParam    ? checkpoint.param
                                           : array == FlatArray::kExpAvg ? checkpoint.exp_avg
                                                                         : checkpoint.exp_avg_sq;
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(first), out.size(), out.begin());
      }};
}

void write_checkpoint(const std::string& path, const Checkpoint& head, const FlatValues& values,
                      const SaveHook& hook) {
  const std::string fault =
      checkpoint_layout_fault(head.tensors, values.num_values, head.frozen.size());
  if (!fault.empty()) throw InternalError(fault, path);
  const auto at = [&hook](SaveStage stage) {
    if (hook) hook(stage);
  };
  at(SaveStage::kCreate);
  const std::uint64_t bytes = checkpoint_bytes(values.num_values, head.frozen.size());
  reserve(path, bytes);
  CheckedWriter out(path);
  reserve_space(path, bytes);  // HDF5 began the file anew
  at(SaveStage::kMeta);
  write_meta(out, head);
  const std::vector<FlatPlace> places = make_flat_arrays(out.file(), values.num_values);
  out.file().close();
  // Not through HDF5: its lock would keep every other thread from its files for as long as the disk
  // takes, and a full disk would end the process.
  at(SaveStage::kWrite);
  FilePatch file(path);
  for (const FlatPlace& place : places) write_flat_array(file, place, values);
  at(SaveStage::kClose);
  file.close();
  seal_file(path);
  try {
    at(SaveStage::kReopen);
    const CheckpointReader in(path);
    at(SaveStage::kVerify);
    static_cast<void>(in.verify());
  } catch (const DataError& error) {
    throw EnvironmentError(fmt::format("what was written does not read back: {}", error.what()),
                           path, "check the file system; the checkpoint before it stands");
  }
}

void write_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  if (checkpoint.exp_avg.size() != checkpoint.param.size() ||
      checkpoint.exp_avg_sq.size() != checkpoint.param.size())
    throw InternalError("the moments and the parameters differ in length", path);
  write_checkpoint(path, checkpoint, flat_values_of(checkpoint));
}

}  // namespace intr
