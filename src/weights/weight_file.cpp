// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/weight_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "storage_reader.h"
#include "value_conversion.h"

namespace intr {
namespace {

std::string quoted(const std::string& name) {
  return fmt::format("\"{}\"", printable(name.substr(0, 120)));
}

WeightContents parse(const InputFile& file, WeightFormat format, const WeightLimits& limits) {
  switch (format) {
    case WeightFormat::legacy:
      return parse_legacy(file, limits);
    case WeightFormat::zip:
      return parse_zip(file, limits);
    case WeightFormat::safetensors:
      return parse_safetensors(file, limits);
    case WeightFormat::checkpoint:
      return parse_checkpoint(file, limits);
  }
  throw InternalError("a weight format without a reader", file.path());
}

}  // namespace

struct WeightFile::State {
  InputFile file;
  WeightLimits limits;
  InputFile::Stamp stamp;
  WeightFormat format;
  WeightContents contents;
  std::map<std::string_view, std::size_t> by_name;  ///< of contents.entries
  StorageReader storages;

  State(const std::string& path, const WeightLimits& given)
      : file(path),
        limits(given),
        stamp(file.stamp()),
        format(weight_format(file)),
        contents(parse(file, format, limits)),
        storages(file, contents.storages) {
    for (std::size_t i = 0; i < contents.entries.size(); ++i)
      if (!by_name.emplace(contents.entries[i].name, i).second)
        throw DataError(fmt::format("two tensors are called {}", quoted(contents.entries[i].name)),
                        path, "save it again with names that differ");
    require_unchanged();
  }
  void require_unchanged() const {
    if (file.stamp() == stamp) return;
    throw DataError("the file changed while it was read", file.path(),
                    "wait until it is written, then run the same command again");
  }
};

WeightFile::WeightFile(const std::string& path, const WeightLimits& limits)
    : state_(std::make_unique<State>(path, limits)) {}
WeightFile::WeightFile(WeightFile&&) noexcept = default;
WeightFile& WeightFile::operator=(WeightFile&&) noexcept = default;
WeightFile::~WeightFile() = default;

const std::string& WeightFile::path() const noexcept { return state_->file.path(); }
WeightFormat WeightFile::format() const noexcept { return state_->format; }
std::uint64_t WeightFile::file_bytes() const noexcept { return state_->stamp.bytes; }
const std::vector<TensorEntry>& WeightFile::entries() const noexcept {
  return state_->contents.entries;
}
const std::map<std::string, std::string>& WeightFile::metadata() const noexcept {
  return state_->contents.metadata;
}
const WeightReport& WeightFile::report() const noexcept { return state_->contents.report; }

const TensorEntry* WeightFile::find(const std::string& name) const noexcept {
  const auto found = state_->by_name.find(name);
  return found == state_->by_name.end() ? nullptr : &entries()[found->second];
}

const TensorEntry& WeightFile::entry(const std::string& name) const {
  const TensorEntry* found = find(name);
  if (found == nullptr)
    throw DataError(fmt::format("there is no tensor {}", quoted(name)), path(),
                    "intr-weights inspect lists what is there");
  return *found;
}

std::optional<Value> WeightFile::top() const {
  if (!state_->contents.top) return {};
  return state_->contents.tree.value(*state_->contents.top);
}

void WeightFile::for_each_value(
    const std::function<void(const std::string&, const Value&)>& visit) const {
  if (!state_->contents.top) return;
  for_each_leaf(*top(), state_->limits, path(), [&](const std::string& name, const Value& leaf) {
    if (leaf.kind() != Value::Kind::tensor) visit(name, leaf);
  });
}

void WeightFile::read(const TensorEntry& entry, std::span<std::byte> out) const {
  if (entry.type == DType::other)
    throw DataError(fmt::format("tensor {} is of the type {}, which is not supported",
                                quoted(entry.name), entry.type_name),
                    path(), "convert it to float32 where it was made");
  if (out.size() != entry.bytes)
    throw InternalError(fmt::format("{} bytes to hold {}", out.size(), entry.bytes), entry.name);
  state_->storages.read(entry, out);
  state_->require_unchanged();
}

void WeightFile::read_f32(const TensorEntry& entry, std::span<float> out) const {
  if (entry.type == DType::f32) return read(entry, std::as_writable_bytes(out));
  if (!is_floating(entry.type))
    throw DataError(fmt::format("tensor {} holds {} values, weights are floating-point",
                                quoted(entry.name), entry.type_name),
                    path(), "convert it to float32 where it was made");
  std::vector<std::byte> bytes(entry.bytes);
  read(entry, bytes);
  convert_values(bytes, entry.type, std::as_writable_bytes(out), DType::f32);
}

void WeightFile::verify() const {
  state_->storages.verify_all();
  state_->require_unchanged();
}

const TensorEntry& WeightFile::require_type(const std::string& name, DType type) const {
  const TensorEntry& found = entry(name);
  if (found.type != type)
    throw DataError(fmt::format("tensor {} is of the type {}, {} was expected", quoted(name),
                                found.type_name, name_of(type)),
                    path());
  return found;
}

}  // namespace intr
