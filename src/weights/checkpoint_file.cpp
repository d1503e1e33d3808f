// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/checkpoint_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/hdf5.h"

namespace intr {
namespace {

constexpr std::uint64_t kAlignment = 4096;
constexpr std::size_t kMaxDimensions = 4;
const std::string kNext = "use another checkpoint, or let --resume auto choose one that is whole";

/// XXH3-64 of each block of a data set's bytes.
std::vector<std::uint64_t> block_hashes(std::span<const std::byte> bytes) {
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t first = 0; first < bytes.size(); first += kCheckpointBlock) {
    const std::uint64_t length = std::min<std::uint64_t>(kCheckpointBlock, bytes.size() - first);
    hashes.push_back(xxh3_64(bytes.subspan(first, length)));
  }
  return hashes;
}

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

/// Reads data sets and compares each block with its stored hash.
class CheckedReader {
 public:
  explicit CheckedReader(const std::string& path) : file_(hdf5::File::open(path)) { check_kind(); }
  const hdf5::File& file() const { return file_; }

  template <class T>
  std::vector<T> read(const std::string& name) const {
    if (!file_.exists(name)) fail(fmt::format("{} is missing", name));
    // A chunked or external data set could claim any size and lie anywhere.
    if (!file_.is_contiguous(name)) fail(fmt::format("{} is not stored contiguously", name));
    std::vector<T> values = file_.read<T>(name);
    check(name, std::as_bytes(std::span(values)));
    return values;
  }
  std::vector<std::string> read_names(const std::string& name) const {
    if (!file_.exists(name)) fail(fmt::format("{} is missing", name));
    const auto packed = file_.read_fixed_strings(name);
    check(name, std::as_bytes(std::span(packed.bytes)));
    return packed.unpack();
  }
  nlohmann::ordered_json read_json(const std::string& name) const {
    const std::vector<std::byte> bytes = read<std::byte>("/json/" + name);
    const auto* text = reinterpret_cast<const char*>(bytes.data());
    auto value = nlohmann::ordered_json::parse(text, text + bytes.size(), nullptr, false);
    if (value.is_discarded()) fail(fmt::format("/json/{} is no JSON", name));
    return value;
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(what, file_.path(), kNext);
  }

 private:
  void check_kind() const {
    if (!file_.has_attribute("/", "format") || file_.text("/", "format") != kCheckpointFormat)
      throw DataError("this HDF5 file is no checkpoint", file_.path(),
                      "name a file that intr-train wrote, checkpoints/ckpt-….h5 of a run");
    const auto version = file_.numbers<std::uint16_t>("/", "format_version");
    if (version.size() == 2 && version[0] == kCheckpointMajor) return;
    throw DataError(fmt::format("checkpoint format {}, this program reads {}.x",
                                fmt::join(version, "."), kCheckpointMajor),
                    file_.path(), "use the program version that wrote it, or a newer one");
  }
  void check(const std::string& name, std::span<const std::byte> bytes) const {
    const std::string stored_name = "/check" + name;
    if (!file_.exists(stored_name)) fail(fmt::format("{} is missing", stored_name));
    const std::vector<std::uint64_t> stored = file_.read<std::uint64_t>(stored_name);
    const std::vector<std::uint64_t> found = block_hashes(bytes);
    if (stored.size() != found.size())
      fail(fmt::format("{} has {} blocks, {} are listed", name, found.size(), stored.size()));
    for (std::size_t block = 0; block < found.size(); ++block) {
      if (stored[block] == found[block]) continue;
      fail(fmt::format("block {} of {} (from byte {}) has hash {:016x}, stored is {:016x}", block,
                       name, block * kCheckpointBlock, found[block], stored[block]));
    }
  }
  hdf5::File file_;
};

void write_index(CheckedWriter& out, const std::vector<CheckpointTensor>& tensors) {
  std::vector<std::string> names;
  std::vector<std::uint8_t> kinds, groups, dimensions;
  std::vector<std::int64_t> shapes;
  std::vector<std::uint64_t> offsets;
  for (const CheckpointTensor& tensor : tensors) {
    if (tensor.shape.size() > kMaxDimensions)
      throw InternalError("a tensor of more than 4 dimensions", tensor.name);
    names.push_back(tensor.name);
    kinds.push_back(static_cast<std::uint8_t>(tensor.kind));
    groups.push_back(tensor.group);
    dimensions.push_back(static_cast<std::uint8_t>(tensor.shape.size()));
    for (std::size_t d = 0; d < kMaxDimensions; ++d)
      shapes.push_back(d < tensor.shape.size() ? tensor.shape[d] : 0);
    offsets.push_back(tensor.offset);
  }
  out.write_names("/index/name", names);
  out.write("/index/kind", kinds);
  out.write("/index/group", groups);
  out.write("/index/ndim", dimensions);
  out.write("/index/shape", shapes, {tensors.size(), kMaxDimensions});
  out.write("/index/offset", offsets);
}

std::vector<CheckpointTensor> read_index(const CheckedReader& in) {
  const auto names = in.read_names("/index/name");
  const auto kinds = in.read<std::uint8_t>("/index/kind");
  const auto groups = in.read<std::uint8_t>("/index/group");
  const auto dimensions = in.read<std::uint8_t>("/index/ndim");
  const auto shapes = in.read<std::int64_t>("/index/shape");
  const auto offsets = in.read<std::uint64_t>("/index/offset");
  const std::size_t count = names.size();
  if (kinds.size() != count || groups.size() != count || dimensions.size() != count ||
      offsets.size() != count || shapes.size() != count * kMaxDimensions)
    in.fail("the columns of /index differ in length");
  std::vector<CheckpointTensor> tensors(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (kinds[i] > 2 || groups[i] > 1 || dimensions[i] > kMaxDimensions)
      in.fail(fmt::format("tensor {} has an unknown kind, group or dimension", names[i]));
    const auto first = shapes.begin() + static_cast<std::ptrdiff_t>(i * kMaxDimensions);
    tensors[i] = {.name = names[i],
                  .kind = static_cast<TensorKind>(kinds[i]),
                  .group = groups[i],
                  .shape = std::vector<std::int64_t>(first, first + dimensions[i]),
                  .offset = offsets[i]};
  }
  return tensors;
}

/// What is wrong with tensors that should lie in their arrays one after another without gaps; empty
/// if nothing is.
std::string layout_fault(const Checkpoint& checkpoint, bool with_moments) {
  std::array<std::uint64_t, 2> used = {0, 0};
  const std::array<std::uint64_t, 2> sizes = {checkpoint.param.size(), checkpoint.frozen.size()};
  std::set<std::string> names;
  for (const CheckpointTensor& tensor : checkpoint.tensors) {
    const std::size_t array = tensor.kind == TensorKind::kTrainable ? 0 : 1;
    std::uint64_t room = sizes[array] - used[array];
    for (const std::int64_t extent : tensor.shape) {
      if (extent < 1) return fmt::format("tensor {} has an extent below 1", tensor.name);
      room /= static_cast<std::uint64_t>(extent);  // products never overflow this way
    }
    if (room == 0) return fmt::format("tensor {} is larger than its array", tensor.name);
    if (tensor.offset != used[array])
      return fmt::format("tensor {} starts at value {}, {} was expected", tensor.name,
                         tensor.offset, used[array]);
    if (!names.insert(tensor.name).second) return fmt::format("two tensors {}", tensor.name);
    used[array] += tensor.num_values();
  }
  if (used != sizes)
    return fmt::format("tensors cover {} trainable and {} frozen values of {} and {}", used[0],
                       used[1], sizes[0], sizes[1]);
  if (with_moments &&
      (checkpoint.exp_avg.size() != sizes[0] || checkpoint.exp_avg_sq.size() != sizes[0]))
    return "the moments and the parameters differ in length";
  return {};
}

void write_attributes(hdf5::File& file, const Checkpoint& checkpoint) {
  file.set_text("/", "format", kCheckpointFormat);
  file.set_numbers<std::uint16_t>("/", "format_version", {kCheckpointMajor, kCheckpointMinor});
  file.set_number("/", "step", static_cast<std::uint64_t>(checkpoint.step));
  file.set_number("/", "epoch", static_cast<std::uint32_t>(checkpoint.epoch));
  file.set_number("/", "next_position", static_cast<std::uint64_t>(checkpoint.next_position));
  file.set_text("/", "phase", checkpoint.phase);
}

void read_attributes(const CheckedReader& in, Checkpoint& checkpoint) {
  const auto count = [&](const char* name) {
    const auto value = in.file().number<std::uint64_t>("/", name);
    if (value >> 62 != 0) in.fail(fmt::format("attribute {} is too large", name));
    return static_cast<std::int64_t>(value);
  };
  checkpoint.step = count("step");
  checkpoint.epoch = count("epoch");
  checkpoint.next_position = count("next_position");
  checkpoint.phase = in.file().text("/", "phase");
  if (checkpoint.phase != "train" && checkpoint.phase != "eval")
    in.fail(fmt::format("unknown phase '{}'", checkpoint.phase));
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
  const CheckedReader in(path);
  Checkpoint checkpoint;
  read_attributes(in, checkpoint);
  checkpoint.tensors = read_index(in);
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

std::string model_hash(const Checkpoint& checkpoint) {
  std::map<std::string, const CheckpointTensor*> sorted;
  for (const CheckpointTensor& tensor : checkpoint.tensors) sorted[tensor.name] = &tensor;
  Hash128 hash;
  for (const auto& [name, tensor] : sorted) {
    hash.add(std::string_view(name)).add(static_cast<std::uint64_t>(tensor->shape.size()));
    for (const std::int64_t extent : tensor->shape) hash.add(static_cast<std::uint64_t>(extent));
    hash.add(std::as_bytes(std::span(checkpoint.values(*tensor), tensor->num_values())));
  }
  return hash.hex();
}

}  // namespace intr
