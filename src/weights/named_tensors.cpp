// SPDX-License-Identifier: Apache-2.0
#include "named_tensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/weights/hugging_face_names.h"

namespace intr {
namespace {

constexpr std::size_t kMissing = static_cast<std::size_t>(-1);

/// Our name for a key of a family.
std::optional<OurRows> translate(WeightFamily family, const std::string& key) {
  if (family == WeightFamily::hf_detr) return our_rows(key);
  if (family != WeightFamily::torchvision_resnet) return OurRows{.name = key};
  std::string name = "backbone.0.body." + key;
  if (hugging_face_parts(name, 0).empty()) return {};
  return OurRows{.name = std::move(name)};
}

}  // namespace

void NamedTensors::add(std::size_t entry, const std::string& stored, const std::string& key) {
  const std::optional<OurRows> ours = translate(family_, key);
  if (ours)
    place(ours->name, ours->part, ours->num_parts, entry);
  else
    leftovers_.push_back(quoted_name(stored));
}

void NamedTensors::place(const std::string& name, std::size_t part, std::size_t num_parts,
                         std::size_t entry) {
  const auto [found, is_new] = by_name_.emplace(name, groups_.size());
  if (is_new) groups_.push_back({name, std::vector<std::size_t>(num_parts, kMissing)});
  std::size_t& slot = groups_[found->second].parts[part];
  if (slot != kMissing)
    fail(fmt::format("{} and {} both name {}", quoted_name(file_.entries()[slot].name),
                     quoted_name(file_.entries()[entry].name), quoted_name(name)));
  slot = entry;
}

std::vector<NamedTensor> NamedTensors::take() && {
  if (!leftovers_.empty())
    fail(fmt::format("{} {} no rule: {}. This naming is unknown; please report it",
                     leftovers_.size(), leftovers_.size() == 1 ? "key fits" : "keys fit",
                     fmt::join(leftovers_, ", ")));
  std::vector<NamedTensor> tensors;
  std::vector<std::string> incomplete;
  for (const Group& group : groups_) {
    if (std::ranges::find(group.parts, kMissing) != group.parts.end())
      incomplete.push_back(missing_parts(group));
    else
      tensors.push_back(join(group));
  }
  if (!incomplete.empty())
    fail(fmt::format("projections are missing: {}", fmt::join(incomplete, ", ")));
  return tensors;
}

NamedTensor NamedTensors::join(const Group& group) const {
  const TensorEntry& first = file_.entries()[group.parts.front()];
  NamedTensor tensor{group.name, first.type, first.shape, group.parts};
  if (group.parts.size() == 1) return tensor;
  for (const std::size_t part : group.parts) {
    const TensorEntry& other = file_.entries()[part];
    if (other.shape != first.shape || other.type != first.type || other.shape.empty())
      fail(fmt::format("{} is {} [{}] and {} is {} [{}]; q, k and v must be alike",
                       quoted_name(first.name), first.type_name, fmt::join(first.shape, ", "),
                       quoted_name(other.name), other.type_name, fmt::join(other.shape, ", ")));
  }
  tensor.shape[0] *= static_cast<std::int64_t>(group.parts.size());
  return tensor;
}

std::string NamedTensors::missing_parts(const Group& group) const {
  const std::vector<RenamedRows> names = hugging_face_parts(group.name, 0);
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < group.parts.size(); ++i)
    if (group.parts[i] == kMissing) missing.push_back(quoted_name(names.at(i).name));
  return fmt::format("{}", fmt::join(missing, ", "));
}

void NamedTensors::fail(const std::string& what) const {
  throw DataError(fmt::format("family {}: {}", name_of(family_), what), file_.path());
}

}  // namespace intr
