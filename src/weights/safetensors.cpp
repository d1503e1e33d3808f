// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "intr/core/error.h"
#include "safetensors_header.h"

namespace intr {
namespace {

static_assert(std::endian::native == std::endian::little, "weight files are little-endian");

constexpr std::uint64_t kLengthBytes = 8;
constexpr const char* kAgain = "the file is damaged: get it again from its source";

std::vector<std::byte> read_header(const InputFile& file, std::uint64_t size,
                                   const WeightLimits& limits) {
  if (size == 0) throw DataError("empty file", file.path(), "the download failed: get it again");
  if (size < kLengthBytes + 2)
    throw DataError(fmt::format("{} bytes are too few for a safetensors file", size), file.path(),
                    kAgain);
  std::array<std::uint64_t, 1> length = {};
  file.read(0, std::as_writable_bytes(std::span(length)));
  if (length[0] < 2 || length[0] > limits.safetensors_header_bytes ||
      length[0] > size - kLengthBytes)
    throw DataError(fmt::format("byte 0: a header of {} bytes in a file of {} (at most {})",
                                length[0], size, limits.safetensors_header_bytes),
                    file.path(), "this is no safetensors file, or it was cut: get it again");
  std::vector<std::byte> header(length[0]);
  file.read(kLengthBytes, header);
  if (header[0] != std::byte{'{'})
    throw DataError("byte 8: the header does not begin with {", file.path(),
                    "this is no safetensors file");
  return header;
}

/// Tensors must tile the data: each begins where the one before ended, and the last ends the file.
void check_tiling(const std::vector<TensorEntry>& entries, std::uint64_t data_bytes,
                  const std::string& where) {
  std::uint64_t next = 0;
  for (const TensorEntry& entry : entries) {
    if (entry.begin != next)
      throw DataError(
          fmt::format("tensor \"{}\" begins at byte {} of the data, {}", entry.name, entry.begin,
                      entry.begin < next ? "inside the tensor before it" : "behind a gap"),
          where, kAgain);
    next = entry.begin + entry.bytes;  // both are below 2^63
    if (next > data_bytes)
      throw DataError(fmt::format("tensor \"{}\" ends at byte {} of {} bytes of data", entry.name,
                                  next, data_bytes),
                      where, "the file was cut: get it again from its source");
  }
  if (next != data_bytes)
    throw DataError(fmt::format("{} bytes behind the last tensor", data_bytes - next), where,
                    kAgain);
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::string& path, const WeightLimits& limits)
    : file_(path), size_(file_.size()) {
  const std::vector<std::byte> json = read_header(file_, size_, limits);
  SafetensorsHeader header = parse_safetensors_header(json, limits, path);
  entries_ = std::move(header.entries);
  metadata_ = std::move(header.metadata);
  std::stable_sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.bytes) < std::pair(b.begin, b.bytes);
  });
  const std::uint64_t data_begin = kLengthBytes + json.size();
  check_tiling(entries_, size_ - data_begin, path);
  if (size_ - data_begin > limits.tensor_bytes)
    throw DataError(fmt::format("tensors need {} bytes, the limit is {}", size_ - data_begin,
                                limits.tensor_bytes),
                    path);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    entries_[i].begin += data_begin;
    by_name_.emplace(entries_[i].name, i);
  }
}

const TensorEntry& SafetensorsFile::entry(const std::string& name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end())
    throw DataError(fmt::format("there is no tensor \"{}\"", name), path());
  return entries_[found->second];
}

bool SafetensorsFile::contains(const std::string& name) const { return by_name_.contains(name); }

void SafetensorsFile::read(const TensorEntry& entry, std::span<std::byte> out) const {
  if (entry.type == DType::other)
    throw DataError(fmt::format("tensor \"{}\" is of the type {}, which is not supported",
                                entry.name, entry.type_name),
                    path(), "convert it to F32 where it was made");
  if (out.size() != entry.bytes)
    throw InternalError(fmt::format("{} bytes to hold {}", out.size(), entry.bytes), entry.name);
  file_.read(entry.begin, out);
  if (file_.size() != size_)
    throw DataError("the file changed while it was read", path(),
                    "wait until it is written, then run the same command again");
}

const TensorEntry& SafetensorsFile::require_type(const std::string& name, DType type) const {
  const TensorEntry& found = entry(name);
  if (found.type != type)
    throw DataError(fmt::format("tensor \"{}\" is of the type {}, {} was expected", name,
                                found.type_name, name_of(type)),
                    path());
  return found;
}

}  // namespace intr
