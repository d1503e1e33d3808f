// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/prediction_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include "intr/attention/map_block.h"
#include "intr/attention/picture_names.h"
#include "intr/attention/sample_maps.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

constexpr std::size_t kMaxNameBytes = 120;  // leaves room for what stands behind it

/// A path below the output folder, each component made safe.
std::string safe_path(const PictureFile& file) {
  std::string path;
  const std::size_t slash = file.name.rfind('/');
  if (slash != std::string::npos)
    for (const auto& part : std::filesystem::path(file.name.substr(0, slash)))
      path += safe_file_name(part.string(), kMaxNameBytes) + "/";
  return path + safe_file_name(stem_of(file.name), kMaxNameBytes);
}

std::string folded(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::map<std::string, std::int64_t> count_folded(const std::vector<std::string>& names) {
  std::map<std::string, std::int64_t> counts;
  for (const std::string& name : names) ++counts[folded(name)];
  return counts;
}

}  // namespace

std::vector<std::string> figure_names(const std::vector<PictureFile>& files) {
  std::vector<std::string> plain;
  for (const PictureFile& file : files) plain.push_back(safe_path(file));
  const std::map<std::string, std::int64_t> counts = count_folded(plain);
  const auto numbered = [&](std::size_t i) { return fmt::format("{}__{}", plain[i], i); };
  std::vector<std::string> names;
  for (std::size_t i = 0; i < plain.size(); ++i)
    names.push_back(counts.at(folded(plain[i])) > 1 ? numbered(i) : plain[i]);
  if (count_folded(names).size() == names.size()) return names;
  // Someone's name looks like a numbered one: with a number behind each, all differ.
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = numbered(i);
  return names;
}

PredictionFigures::PredictionFigures(std::string folder, const DumpFacts& facts,
                                     const OverlayOptions& options,
                                     const std::vector<std::int32_t>& asked,
                                     const std::vector<PictureFile>& files)
    : folder_(std::move(folder)), facts_(facts), options_(options), names_(figure_names(files)) {
  options_.query = "predicted";
  drawers_.emplace_back(facts_, options_);
  for (const std::int32_t index : asked) {
    options_.query = "class:" + facts_.classes.at(static_cast<std::size_t>(index));
    drawers_.emplace_back(facts_, options_);
  }
}

std::vector<std::string> PredictionFigures::draw(const MapRecord& record,
                                                 const Image& photo) const {
  const DumpSample& sample = record.sample;
  const SampleMaps maps(facts_, sample, decode_block(record.blocks[MapField::kMap], facts_.type));
  const std::string stem =
      folder_ + "/" + names_.at(static_cast<std::size_t>(sample.sample_id)) + "__";
  std::vector<std::string> files;
  make_folder(stem.substr(0, stem.rfind('/')));
  for (const OverlayDrawer& drawer : drawers_) {
    for (const NamedPicture& picture : drawer.draw(sample, maps, photo)) {
      files.push_back(stem + picture.what + "." + picture_extension(options_));
      const std::vector<std::byte> bytes = encode_picture(picture.image, options_);
      write_file(files.back(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
  }
  return files;
}

}  // namespace intr
