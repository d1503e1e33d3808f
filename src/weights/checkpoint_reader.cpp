// SPDX-License-Identifier: Apache-2.0
#include "checkpoint_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/file_seal.h"

namespace intr {
namespace {

constexpr const char* kNext =
    "use another checkpoint, or let --resume auto choose one that is whole";

/// HDF5 trusts what it reads and can crash on damaged structure: no byte reaches it unchecked.
hdf5::File open_sealed(const std::string& path) {
  require_sealed(path);
  return hdf5::File::open(path);
}

}  // namespace

std::vector<std::uint64_t> block_hashes(std::span<const std::byte> bytes) {
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t first = 0; first < bytes.size(); first += kCheckpointBlock) {
    const std::uint64_t length = std::min<std::uint64_t>(kCheckpointBlock, bytes.size() - first);
    hashes.push_back(xxh3_64(bytes.subspan(first, length)));
  }
  return hashes;
}

CheckpointReader::CheckpointReader(const std::string& path) : file_(open_sealed(path)) {
  check_kind();
}

void CheckpointReader::fail(const std::string& what) const {
  throw DataError(what, file_.path(), kNext);
}

void CheckpointReader::require_plain(const std::string& name) const {
  if (!file_.exists(name)) fail(fmt::format("{} is missing", name));
  // A chunked or external data set could claim any size and lie anywhere.
  if (!file_.is_contiguous(name)) fail(fmt::format("{} is not stored contiguously", name));
}

std::vector<std::string> CheckpointReader::read_names(const std::string& name) const {
  if (!file_.exists(name)) fail(fmt::format("{} is missing", name));
  const auto packed = file_.read_fixed_strings(name);
  check(name, std::as_bytes(std::span(packed.bytes)));
  return packed.unpack();
}

std::string CheckpointReader::read_text(const std::string& name) const {
  const std::vector<std::byte> bytes = read<std::byte>("/json/" + name);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

nlohmann::ordered_json CheckpointReader::read_json(const std::string& name) const {
  auto value = nlohmann::ordered_json::parse(read_text(name), nullptr, false);
  if (value.is_discarded()) fail(fmt::format("/json/{} is no JSON", name));
  return value;
}

std::vector<std::uint64_t> CheckpointReader::stored_hashes(const std::string& name) const {
  const std::string stored_name = "/check" + name;
  if (!file_.exists(stored_name)) fail(fmt::format("{} is missing", stored_name));
  return file_.read<std::uint64_t>(stored_name);
}

void CheckpointReader::check_kind() const {
  if (!file_.has_attribute("/", "format") || file_.text("/", "format") != kCheckpointFormat)
    throw DataError("this HDF5 file is no checkpoint", file_.path(),
                    "name a file that intr-train wrote, checkpoints/ckpt-….h5 of a run");
  const auto version = file_.numbers<std::uint16_t>("/", "format_version");
  if (version.size() == 2 && version[0] == kCheckpointMajor) return;
  throw DataError(fmt::format("checkpoint format {}, this program reads {}.x",
                              fmt::join(version, "."), kCheckpointMajor),
                  file_.path(), "use the program version that wrote it, or a newer one");
}

void CheckpointReader::check(const std::string& name, std::span<const std::byte> bytes) const {
  compare(name, block_hashes(bytes));
}

void CheckpointReader::compare(const std::string& name,
                               const std::vector<std::uint64_t>& found) const {
  const std::vector<std::uint64_t> stored = stored_hashes(name);
  if (stored.size() != found.size())
    fail(fmt::format("{} has {} blocks, {} are listed", name, found.size(), stored.size()));
  for (std::size_t block = 0; block < found.size(); ++block) {
    if (stored[block] == found[block]) continue;
    fail(fmt::format("block {} of {} (from byte {}) has hash {:016x}, stored is {:016x}", block,
                     name, block * kCheckpointBlock, found[block], stored[block]));
  }
}

std::vector<CheckpointTensor> CheckpointReader::read_index() const {
  const auto names = read_names("/index/name");
  const auto kinds = read<std::uint8_t>("/index/kind");
  const auto groups = read<std::uint8_t>("/index/group");
  const auto dimensions = read<std::uint8_t>("/index/ndim");
  const auto shapes = read<std::int64_t>("/index/shape");
  const auto offsets = read<std::uint64_t>("/index/offset");
  const std::size_t count = names.size();
  if (kinds.size() != count || groups.size() != count || dimensions.size() != count ||
      offsets.size() != count || shapes.size() != count * kCheckpointDimensions)
    fail("the columns of /index differ in length");
  std::vector<CheckpointTensor> tensors(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (kinds[i] > 2 || groups[i] > 1 || dimensions[i] > kCheckpointDimensions)
      fail(fmt::format("tensor {} has an unknown kind, group or dimension", names[i]));
    const auto first = shapes.begin() + static_cast<std::ptrdiff_t>(i * kCheckpointDimensions);
    tensors[i] = {.name = names[i],
                  .kind = static_cast<TensorKind>(kinds[i]),
                  .group = groups[i],
                  .shape = std::vector<std::int64_t>(first, first + dimensions[i]),
                  .offset = offsets[i]};
  }
  return tensors;
}

void CheckpointReader::read_attributes(Checkpoint& checkpoint) const {
  const auto count = [&](const char* name) {
    const auto value = file_.number<std::uint64_t>("/", name);
    if (value >> 62 != 0) fail(fmt::format("attribute {} is too large", name));
    return static_cast<std::int64_t>(value);
  };
  checkpoint.step = count("step");
  checkpoint.epoch = count("epoch");
  checkpoint.next_position = count("next_position");
  checkpoint.phase = file_.text("/", "phase");
  if (checkpoint.phase != "train" && checkpoint.phase != "eval")
    fail(fmt::format("unknown phase '{}'", checkpoint.phase));
}

void CheckpointReader::require_layout(const std::vector<CheckpointTensor>& tensors,
                                      std::uint64_t trainable, std::uint64_t frozen) const {
  const std::string fault = checkpoint_layout_fault(tensors, trainable, frozen);
  if (!fault.empty()) fail(fault);
}

Checkpoint CheckpointReader::read_head() const {
  Checkpoint head;
  read_attributes(head);
  head.tensors = read_index();
  head.plan_parameter = read<std::uint32_t>("/plan/parameter");
  head.plan_bucket_end = read<std::uint32_t>("/plan/bucket_end");
  head.config = read_json("config");
  head.sampler = read_json("sampler");
  head.schedule = read_json("schedule");
  head.history = read_json("history");
  head.environment = read_json("environment");
  const nlohmann::ordered_json classes = read_json("classes");
  if (!classes.is_array() || !std::all_of(classes.begin(), classes.end(),
                                          [](const auto& name) { return name.is_string(); }))
    fail("/json/classes is no list of names");
  head.classes = classes.get<std::vector<std::string>>();
  return head;
}

std::uint64_t CheckpointReader::verify_floats(const std::string& name) const {
  require_plain(name);
  const hdf5::Shape shape = file_.shape(name);
  if (shape.size() != 1) fail(fmt::format("{} has {} dimensions, not 1", name, shape.size()));
  constexpr std::uint64_t kValues = kCheckpointBlock / sizeof(float);
  std::vector<float> block(std::min(kValues, shape[0]));
  std::vector<std::uint64_t> hashes;
  for (std::uint64_t first = 0; first < shape[0]; first += kValues) {
    const std::span<float> part(block.data(), std::min(kValues, shape[0] - first));
    file_.read_range(name, first, part);
    hashes.push_back(xxh3_64(std::as_bytes(part)));
  }
  compare(name, hashes);
  return shape[0];
}

Checkpoint CheckpointReader::verify() const {
  Checkpoint head = read_head();
  const std::uint64_t trainable = verify_floats("/flat/param");
  require_layout(head.tensors, trainable, verify_floats("/frozen/f32"));
  for (const char* moments : {"/flat/exp_avg", "/flat/exp_avg_sq"})
    if (verify_floats(moments) != trainable)
      fail("the moments and the parameters differ in length");
  return head;
}

std::string checkpoint_layout_fault(const std::vector<CheckpointTensor>& tensors,
                                    std::uint64_t trainable, std::uint64_t frozen) {
  std::array<std::uint64_t, 2> used = {0, 0};
  const std::array<std::uint64_t, 2> sizes = {trainable, frozen};
  std::set<std::string> names;
  for (const CheckpointTensor& tensor : tensors) {
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
  return {};
}

}  // namespace intr
