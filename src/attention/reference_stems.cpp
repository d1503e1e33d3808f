// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/reference_stems.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "intr/attention/picture_names.h"

namespace intr {

namespace {

constexpr std::size_t kMaxStemBytes = 160;  // leaves room for an id

std::string folded(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Whether a file STEM.png could be taken for one that the tree writes beside it.
bool is_name_of_tree(const std::string& stem) {
  return stem == "avg_head" || stem.starts_with("result_") || stem.starts_with("concatenated_");
}

using Stems = std::map<std::int64_t, std::string>;

std::map<std::string, std::int64_t> count_folded(const Stems& stems) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [id, stem] : stems) ++counts[folded(stem)];
  return counts;
}

}  // namespace

std::map<std::int64_t, std::string> reference_stems(const MapReader& reader) {
  Stems plain;
  for (std::int64_t row = 0; row < reader.size(); ++row) {
    const DumpSample& sample = reader.sample(row);
    plain[sample.sample_id] = safe_file_name(stem_of(sample.path), kMaxStemBytes);
  }
  const std::map<std::string, std::int64_t> counts = count_folded(plain);
  Stems stems = plain;
  for (auto& [id, stem] : stems)
    if (counts.at(folded(stem)) > 1 || is_name_of_tree(folded(stem)))
      stem = fmt::format("{}__{}", stem, id);
  if (count_folded(stems).size() == stems.size()) return stems;
  // Someone's name looks like a numbered one: with the id behind each, all differ.
  for (auto& [id, stem] : stems) stem = fmt::format("{}__{}", plain.at(id), id);
  return stems;
}

}  // namespace intr
