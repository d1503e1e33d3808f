// SPDX-License-Identifier: Apache-2.0
#include "intr/data/sample_columns.h"

#include <fmt/format.h>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/data/shard_format.h"
#include "intr/image/decode.h"

namespace intr {
namespace {

std::size_t at(std::int64_t row) { return static_cast<std::size_t>(row); }

template <class T>
void extend(std::vector<T>& target, const std::vector<T>& more) {
  target.insert(target.end(), more.begin(), more.end());
}

template <std::size_t N>
hdf5::File::EnumMembers members(const std::array<const char*, N>& names) {
  hdf5::File::EnumMembers result;
  for (std::size_t value = 0; value < N; ++value)
    result.emplace_back(names[value], static_cast<std::uint8_t>(value));
  return result;
}

bool escapes_its_folder(const std::string& path) {
  return path.empty() || path.front() == '/' || path == ".." || path.starts_with("../") ||
         path.ends_with("/..") || path.find("/../") != std::string::npos ||
         path.find('\0') != std::string::npos;
}

}  // namespace

void SampleColumns::add_path(const std::string& text) {
  path.insert(path.end(), text.begin(), text.end());
  path_offset.push_back(path.size());
}

std::string SampleColumns::path_of(std::int64_t row) const {
  const auto first = path.begin() + static_cast<std::ptrdiff_t>(path_offset.at(at(row)));
  const auto last = path.begin() + static_cast<std::ptrdiff_t>(path_offset.at(at(row) + 1));
  return std::string(first, last);
}

void SampleColumns::append(const SampleColumns& other) {
  const std::uint64_t shift = path.size();
  extend(sample_id, other.sample_id);
  extend(hash, other.hash);
  extend(source_hash, other.source_hash);
  extend(label, other.label);
  extend(width, other.width);
  extend(height, other.height);
  extend(flags, other.flags);
  extend(codec, other.codec);
  extend(mode, other.mode);
  extend(orientation, other.orientation);
  extend(path, other.path);
  for (std::size_t i = 1; i < other.path_offset.size(); ++i)
    path_offset.push_back(other.path_offset[i] + shift);
  extend(box, other.box);
  extend(part_xy, other.part_xy);
  extend(part_visible, other.part_visible);
  if (part_names.empty()) part_names = other.part_names;
}

std::string SampleColumns::fault(std::int64_t num_classes) const {
  const std::size_t n = label.size();
  const std::size_t parts = part_names.size();
  if (sample_id.size() != n || hash.size() != n || source_hash.size() != n || width.size() != n ||
      height.size() != n || flags.size() != n || codec.size() != n || mode.size() != n ||
      orientation.size() != n || path_offset.size() != n + 1)
    return "its columns have different lengths";
  if ((!box.empty() && box.size() != 4 * n) || part_xy.size() != 2 * n * parts ||
      part_visible.size() != n * parts)
    return "its boxes or parts do not fit its samples";
  if (path_offset.front() != 0 || path_offset.back() != path.size())
    return "/path_offset does not cover /path";
  for (std::size_t i = 0; i < n; ++i) {
    if (path_offset[i] > path_offset[i + 1] || path_offset[i + 1] > path.size())
      return fmt::format("/path_offset is wrong at sample {}", sample_id[i]);
    if (escapes_its_folder(path_of(static_cast<std::int64_t>(i))))
      return fmt::format("the path of sample {} leads out of its folder", sample_id[i]);
    if (i > 0 && sample_id[i] <= sample_id[i - 1])
      return fmt::format("/sample_id does not increase at row {}", i);
    if (label[i] < 0 || label[i] >= num_classes)
      return fmt::format("label {} of sample {} is none of {} classes", label[i], sample_id[i],
                         num_classes);
    if (width[i] == 0 || height[i] == 0)
      return fmt::format("sample {} has no pixels", sample_id[i]);
  }
  return {};
}

std::string SampleColumns::difference(std::int64_t a, const SampleColumns& other,
                                      std::int64_t b) const {
  const std::size_t i = at(a);
  const std::size_t j = at(b);
  if (sample_id[i] != other.sample_id[j]) return "sample_id";
  if (hash[i] != other.hash[j]) return "hash";
  const bool has_rest = path_offset.size() > label.size();
  if (has_rest && source_hash[i] != other.source_hash[j]) return "source_hash";
  if (label[i] != other.label[j]) return "label";
  if (width[i] != other.width[j]) return "width";
  if (height[i] != other.height[j]) return "height";
  if ((flags[i] | kDuplicate) != (other.flags[j] | kDuplicate)) return "flags";
  if (codec[i] != other.codec[j]) return "codec";
  if (mode[i] != other.mode[j]) return "mode";
  if (orientation[i] != other.orientation[j]) return "orientation";
  return !has_rest || path_of(a) == other.path_of(b) ? "" : "path";
}

std::string SampleColumns::rest_hash(std::int64_t first, std::int64_t last) const {
  Hash128 digest;
  for (std::int64_t row = first; row < last; ++row)
    digest.add(path_of(row)).add(source_hash[at(row)]);
  return digest.hex();
}

void write_columns(hdf5::File& file, const SampleColumns& columns,
                   const std::vector<std::string>& classes) {
  using shard_format::kCodecNames;
  using shard_format::kModeNames;
  const std::uint64_t n = columns.label.size();
  const std::uint64_t parts = columns.part_names.size();
  file.write("/hash", columns.hash);
  file.write("/source_hash", columns.source_hash);
  file.write("/label", columns.label);
  file.write("/sample_id", columns.sample_id);
  file.write("/width", columns.width);
  file.write("/height", columns.height);
  file.write_enum("/codec", columns.codec, members(kCodecNames));
  file.write_enum("/mode", columns.mode, members(kModeNames));
  file.write("/orientation", columns.orientation);
  file.write("/flags", columns.flags);
  file.write("/path", columns.path);
  file.write("/path_offset", columns.path_offset);
  file.write_strings("/classes", classes);
  if (!columns.box.empty()) file.write("/box", std::span<const float>(columns.box), {n, 4});
  if (parts == 0) return;
  file.write("/part_xy", std::span<const float>(columns.part_xy), {n, parts, 2});
  file.write("/part_visible", std::span<const std::uint8_t>(columns.part_visible), {n, parts});
  file.write_strings("/part_names", columns.part_names);
}

SampleColumns read_columns(const hdf5::File& file, std::int64_t num_classes) {
  SampleColumns columns;
  columns.hash = file.read<std::uint64_t>("/hash");
  columns.source_hash = file.read<std::uint64_t>("/source_hash");
  columns.label = file.read<std::int32_t>("/label");
  columns.sample_id = file.read<std::uint64_t>("/sample_id");
  columns.width = file.read<std::uint32_t>("/width");
  columns.height = file.read<std::uint32_t>("/height");
  columns.codec = file.read<std::uint8_t>("/codec");
  columns.mode = file.read<std::uint8_t>("/mode");
  columns.orientation = file.read<std::uint8_t>("/orientation");
  columns.flags = file.read<std::uint32_t>("/flags");
  columns.path = file.read<std::uint8_t>("/path");
  columns.path_offset = file.read<std::uint64_t>("/path_offset");
  if (file.exists("/box")) columns.box = file.read<float>("/box");
  if (file.exists("/part_names")) {
    columns.part_names = file.read_strings("/part_names");
    columns.part_xy = file.read<float>("/part_xy");
    columns.part_visible = file.read<std::uint8_t>("/part_visible");
  }
  const std::string fault = columns.fault(num_classes);
  if (!fault.empty())
    throw DataError(fault, file.path(), "the file is damaged: copy it again or pack again");
  return columns;
}

void require_format(const hdf5::File& file, const char* format) {
  const std::string found = file.has_attribute("/", "format") ? file.text("/", "format") : "none";
  if (found != format) {
    throw DataError(fmt::format("its format is '{}', not '{}'", found, format), file.path(),
                    "check the path, or pack again");
  }
  const auto version = file.numbers<std::uint16_t>("/", "format_version");
  if (version.size() != 2 || version[0] != shard_format::kMajor) {
    throw DataError(fmt::format("its format version is {}, this program reads {}.x",
                                fmt::join(version, "."), shard_format::kMajor),
                    file.path(), "use a program of the matching version, or pack again");
  }
}

}  // namespace intr
