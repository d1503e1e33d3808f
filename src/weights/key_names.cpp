// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/key_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "family_rules.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "named_tensors.h"
#include "state_dict_root.h"

namespace intr {
namespace {

/// A root with what its keys tell.
struct Candidate {
  StateDictRoot root;
  std::string prefix;
  WeightFamily family = WeightFamily::unknown;
};

Candidate examine(StateDictRoot root) {
  Candidate candidate;
  candidate.prefix = common_prefix(root.keys);
  candidate.family = recognize_family(root.keys, candidate.prefix);
  if (candidate.family == WeightFamily::unknown) candidate.prefix.clear();
  candidate.root = std::move(root);
  return candidate;
}

std::string shown(const Candidate& candidate) {
  return fmt::format("{} ({} tensors, family {})",
                     candidate.root.name.empty() ? "the top" : quoted_name(candidate.root.name),
                     candidate.root.keys.size(), name_of(candidate.family));
}

/// The one root whose family is known; of several unknown ones the one below a key.
Candidate choose_root(const WeightFile& file) {
  std::vector<Candidate> candidates;
  for (StateDictRoot& root : state_dict_roots(file)) candidates.push_back(examine(std::move(root)));
  if (candidates.empty()) throw DataError("holds no tensors", file.path());
  if (std::ranges::any_of(candidates,
                          [](const Candidate& c) { return c.family != WeightFamily::unknown; }))
    std::erase_if(candidates, [](const Candidate& c) { return c.family == WeightFamily::unknown; });
  else if (candidates.size() > 1)  // loose tensors beside a state dict
    std::erase_if(candidates, [](const Candidate& c) { return c.root.name.empty(); });
  if (candidates.size() == 1) return std::move(candidates.front());
  std::vector<std::string> texts;
  for (const Candidate& candidate : candidates) texts.push_back(shown(candidate));
  throw DataError(fmt::format("holds {} state dicts: {}", texts.size(), fmt::join(texts, ", ")),
                  file.path(), "keep one of them and save the file again");
}

}  // namespace

std::string_view name_of(WeightFamily family) {
  switch (family) {
    case WeightFamily::intr:
      return "intr";
    case WeightFamily::detr:
      return "detr";
    case WeightFamily::hf_detr:
      return "hf-detr";
    case WeightFamily::torchvision_resnet:
      return "torchvision-resnet";
    case WeightFamily::unknown:
      break;
  }
  return "unknown";
}

std::int64_t NamedTensor::num_values() const noexcept {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::uint64_t NamedTensor::bytes() const noexcept {
  return static_cast<std::uint64_t>(num_values() * item_size(type));
}

const NamedTensor* NamedWeights::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(tensors, name, &NamedTensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

NamedWeights name_weights(const WeightFile& file) {
  Candidate chosen = choose_root(file);
  NamedWeights named;
  named.family = chosen.family;
  named.root = chosen.root.name;
  named.prefix = chosen.prefix;
  NamedTensors tensors(file, chosen.family);
  for (const RootKey& stored : chosen.root.keys) {
    const std::string key = without_prefix(stored.key, chosen.prefix);
    const std::string_view why = reason_to_drop(chosen.family, key);
    if (why.empty())
      tensors.add(stored.entry, stored.key, key);
    else
      named.dropped.push_back({stored.key, std::string(why)});
  }
  named.tensors = std::move(tensors).take();
  return named;
}

void read(const WeightFile& file, const NamedTensor& tensor, std::span<std::byte> out) {
  if (out.size() != tensor.bytes())
    throw InternalError(fmt::format("{} bytes to hold {}", out.size(), tensor.bytes()),
                        tensor.name);
  for (const std::size_t part : tensor.parts) {
    const TensorEntry& entry = file.entries()[part];
    file.read(entry, out.first(entry.bytes));
    out = out.subspan(entry.bytes);
  }
}

void read_f32(const WeightFile& file, const NamedTensor& tensor, std::span<float> out) {
  if (out.size() != static_cast<std::size_t>(tensor.num_values()))
    throw InternalError(fmt::format("{} values to hold {}", out.size(), tensor.num_values()),
                        tensor.name);
  for (const std::size_t part : tensor.parts) {
    const TensorEntry& entry = file.entries()[part];
    const auto count = static_cast<std::size_t>(entry.num_values());
    file.read_f32(entry, out.first(count));
    out = out.subspan(count);
  }
}

}  // namespace intr
