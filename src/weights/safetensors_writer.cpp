// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/safetensors_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <span>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/printable.h"
#include "intr/core/utf8.h"
#include "intr/io/output_file.h"
#include "safetensors_header.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::uint64_t kAlignment = 64;
constexpr std::uint64_t kLengthBytes = 8;
constexpr const char* kMetadata = "__metadata__";

/// Numbers of the tensors in the order of their bytes.
std::vector<std::size_t> order_of(const OutputWeights& weights) {
  std::vector<std::size_t> order(weights.tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return item_size(weights.type(weights.tensors[a])) >
           item_size(weights.type(weights.tensors[b]));
  });
  return order;
}

void check_name(const std::string& name, std::set<std::string>& used) {
  const char* fault = nullptr;
  if (!is_utf8(name)) fault = "is not UTF-8";
  if (name == kMetadata) fault = "means something else in a safetensors file";
  if (!used.insert(name).second) fault = "belongs to two tensors";
  if (fault == nullptr) return;
  throw DataError(fmt::format("the name {} {}", quoted_name(name), fault), {},
                  "write a .pth file, or leave the tensor out with --drop");
}

/// The header, padded with spaces so that data begins at a multiple of 64. Put together as text:
/// an ordered JSON object looks through all its keys for each new one.
std::string header_of(const OutputWeights& weights, const std::vector<std::size_t>& order,
                      const std::map<std::string, std::string>& metadata) {
  std::vector<std::string> members;
  for (const auto& [key, text] : metadata)
    if (!is_utf8(key) || !is_utf8(text))
      throw DataError(fmt::format("the text {} is not UTF-8", quoted_name(key)));
  if (!metadata.empty())
    members.push_back(fmt::format("\"{}\":{}", kMetadata, Json(metadata).dump()));
  std::set<std::string> used;
  std::uint64_t next = 0;
  for (const std::size_t number : order) {
    const OutputTensor& tensor = weights.tensors[number];
    check_name(tensor.name, used);
    const std::uint64_t begin = next;
    next += weights.bytes(tensor);
    members.push_back(fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                                  Json(tensor.name).dump(), safetensors_name(weights.type(tensor)),
                                  fmt::join(tensor.shape, ","), begin, next));
  }
  std::string text = fmt::format("{{{}}}", fmt::join(members, ","));
  const std::size_t end = (kLengthBytes + text.size() + kAlignment - 1) / kAlignment * kAlignment;
  text.resize(end - kLengthBytes, ' ');
  if (text.size() > kSafetensorsHeaderLimit)
    throw DataError(fmt::format("a safetensors header of {} bytes would be needed, readers take {}",
                                text.size(), kSafetensorsHeaderLimit),
                    {}, "write a .pth file instead");
  return text;
}

}  // namespace

std::vector<std::uint64_t> write_safetensors(const std::string& path, const OutputWeights& weights,
                                             const std::map<std::string, std::string>& metadata) {
  const std::vector<std::size_t> order = order_of(weights);
  const std::string header = header_of(weights, order, metadata);
  const std::array<std::uint64_t, 1> length = {header.size()};
  OutputFile file(path);
  file.write(std::as_bytes(std::span(length)));
  file.write(std::as_bytes(std::span(header)));
  std::vector<std::uint64_t> hashes(weights.tensors.size());
  for (const std::size_t number : order) {
    const OutputTensor& tensor = weights.tensors[number];
    std::vector<std::byte> values = values_of(weights.storages[tensor.storage]);
    if (!weights.is_whole(tensor)) values = values_of(weights, tensor, values);
    hashes[number] = xxh3_64(values);
    file.write(values);
  }
  file.close();
  return hashes;
}

}  // namespace intr
