// SPDX-License-Identifier: Apache-2.0
// A safetensors file: 8 bytes of header length, a JSON header, the tensors' bytes without gap,
// overlap or rest.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "file_advice.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "safetensors_header.h"
#include "weight_contents.h"

namespace intr {
namespace {

constexpr std::uint64_t kLengthBytes = 8;

std::vector<std::byte> read_header(const InputFile& file, const WeightLimits& limits) {
  const std::uint64_t size = file.size();
  std::array<std::uint64_t, 1> length = {};
  file.read(0, std::as_writable_bytes(std::span(length)));
  if (length[0] > static_cast<std::uint64_t>(limits.safetensors_header_bytes) ||
      length[0] > size - kLengthBytes)
    throw DataError(fmt::format("byte 0: a header of {} bytes in a file of {} (at most {})",
                                length[0], size, limits.safetensors_header_bytes),
                    file.path(), kCut);
  std::vector<std::byte> header(length[0]);
  file.read(kLengthBytes, header);
  return header;
}

/// Tensors must tile the data: each begins where the one before ended, and the last ends the file.
void check_tiling(const std::vector<HeaderTensor>& tensors, std::uint64_t data_begin,
                  std::uint64_t data_bytes, const std::string& where) {
  const auto fail = [&](std::uint64_t at, const std::string& what, const char* next = kDamaged) {
    throw DataError(fmt::format("byte {}: {}", data_begin + at, what), where, next);
  };
  std::uint64_t next = 0;
  for (const HeaderTensor& tensor : tensors) {
    const std::string name = printable(tensor.entry.name.substr(0, 120));
    if (tensor.begin != next)
      fail(tensor.begin,
           fmt::format("tensor \"{}\" begins {}", name,
                       tensor.begin < next ? "inside the tensor before it" : "behind a gap"));
    next = tensor.begin + tensor.bytes;  // both are below 2^63
    if (next > data_bytes)
      fail(data_bytes,
           fmt::format("the file ends in tensor \"{}\", which needs {} more bytes", name,
                       next - data_bytes),
           kCut);
  }
  if (next != data_bytes)
    fail(next, fmt::format("{} bytes behind the last tensor", data_bytes - next));
}

}  // namespace

WeightContents parse_safetensors(const InputFile& file, const WeightLimits& limits) {
  const std::vector<std::byte> json = read_header(file, limits);
  SafetensorsHeader header = parse_safetensors_header(json, limits, file.path());
  std::stable_sort(header.tensors.begin(), header.tensors.end(), [](const auto& a, const auto& b) {
    return std::pair(a.begin, a.bytes) < std::pair(b.begin, b.bytes);
  });
  const std::uint64_t data_begin = kLengthBytes + json.size();
  check_tiling(header.tensors, data_begin, file.size() - data_begin, file.path());
  WeightContents contents;
  contents.metadata = std::move(header.metadata);
  for (HeaderTensor& tensor : header.tensors) {
    tensor.entry.storage = contents.storages.size();
    contents.storages.push_back(
        {.name = tensor.entry.name, .begin = data_begin + tensor.begin, .bytes = tensor.bytes});
    contents.entries.push_back(std::move(tensor.entry));
  }
  check_budget(contents.entries, limits, file.path());
  return contents;
}

}  // namespace intr
