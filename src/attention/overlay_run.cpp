// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <set>

#include "intr/attention/overlay.h"
#include "intr/attention/picture_names.h"
#include "intr/attention/reference_tree.h"
#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"

namespace intr {

namespace {

constexpr const char* kRecipeFile = "render.json";
constexpr const char* kRecipeFormat = "intr-render";

/// Makes sure that all pictures of the folder follow one recipe.
void settle_recipe(const std::string& folder, const nlohmann::ordered_json& recipe, bool replace) {
  const std::string path = folder + "/" + kRecipeFile;
  if (std::filesystem::exists(path) && !replace) {
    const nlohmann::ordered_json old = read_json(path);
    const auto text = [](const nlohmann::ordered_json& fields, const std::string& name) {
      return fields.contains(name) ? fields[name].dump() : std::string("not there");
    };
    nlohmann::ordered_json names = recipe;
    names.update(old);
    std::vector<std::string> differences;
    for (const auto& [name, ignored] : names.items())
      if (text(old, name) != text(recipe, name))
        differences.push_back(
            fmt::format("{} was {}, now {}", name, text(old, name), text(recipe, name)));
    if (differences.empty()) return;
    throw UsageError(fmt::format("the folder holds pictures of another recipe: {}",
                                 fmt::join(differences, "; ")),
                     folder, "choose another --out, or add --replace");
  }
  write_json(path, recipe);
}

/// What makes the pictures of samples; their names are paths below the output folder.
struct PictureSource {
  MapField field;
  std::function<std::vector<std::string>(const DumpSample&)> paths;
  std::function<std::vector<NamedPicture>(const DumpSample&, const SampleMaps&, const Image&)> draw;
};

PictureSource tree_source(const MapReader& reader, const OverlayOptions& overlay) {
  const auto tree = std::make_shared<const ReferenceTree>(reader, overlay);
  return {tree->field(), [tree](const DumpSample& sample) { return tree->paths(sample); },
          [tree](const DumpSample& sample, const SampleMaps& maps, const Image& photo) {
            return tree->draw(sample, maps, photo);
          }};
}

PictureSource class_folder_source(const DumpFacts& facts, const OverlayOptions& overlay) {
  const auto drawer = std::make_shared<const OverlayDrawer>(facts, overlay);
  const auto path_of = [&facts, extension = picture_extension(overlay)](const DumpSample& sample,
                                                                        const std::string& what) {
    return picture_path(facts, sample, what, extension);
  };
  return {drawer->field(),
          [drawer, path_of](const DumpSample& sample) {
            std::vector<std::string> paths = drawer->names(sample);
            for (std::string& path : paths) path = path_of(sample, path);
            return paths;
          },
          [drawer, path_of](const DumpSample& sample, const SampleMaps& maps, const Image& photo) {
            std::vector<NamedPicture> pictures = drawer->draw(sample, maps, photo);
            for (NamedPicture& picture : pictures) picture.what = path_of(sample, picture.what);
            return pictures;
          }};
}

/// Folders are made once, not once a picture.
class Folders {
 public:
  void make_for(const std::string& path) {
    const std::string folder = path.substr(0, path.rfind('/'));
    const std::lock_guard lock(mutex_);
    if (made_.insert(folder).second) make_folder(folder);
  }

 private:
  std::mutex mutex_;
  std::set<std::string> made_;
};

}  // namespace

nlohmann::ordered_json overlay_recipe(const DumpFacts& facts, const OverlayOptions& overlay) {
  OverlayOptions copy = overlay;
  OptionSet set("", "");
  describe(copy, set);
  nlohmann::ordered_json recipe;
  recipe["format"] = kRecipeFormat;
  recipe["content_id"] = facts.content_id;
  recipe["peak_p99"] = facts.peak_p99;
  if (!facts.complete) {  // scales and names change until all samples are there
    recipe["samples_planned"] = facts.samples_planned;
    recipe["scales"] = {facts.contrast_p99, facts.rollout_p99, facts.value_p99};
  }
  const nlohmann::ordered_json values = set.values();
  for (const auto& [name, value] : values.items()) recipe[name] = value;
  // Folders that were drawn before there was a choice go on.
  if (overlay.map == "attention") recipe.erase("map");
  if (!overlay.contour) recipe.erase("contour");
  return recipe;
}

OverlayRunResult draw_overlays(const MapReader& reader, const PhotoSource& photos,
                               std::span<const std::int64_t> rows, const OverlayOptions& overlay,
                               const OverlayRunOptions& options, const LoopControl& control) {
  const DumpFacts& facts = reader.facts();
  const PictureSource source = overlay.layout == "reference" ? tree_source(reader, overlay)
                                                             : class_folder_source(facts, overlay);
  make_folder(options.out);
  settle_recipe(options.out, overlay_recipe(facts, overlay), options.replace);
  std::atomic<std::int64_t> drawn{0}, kept{0};
  Folders folders;
  const auto is_kept = [&](const std::string& path) {
    return !options.replace && std::filesystem::exists(options.out + "/" + path);
  };
  OverlayRunResult result;
  result.failures = for_each_sample(
      reader, photos, rows, control,
      [&](SampleInputs& inputs) {
        const DumpSample& sample = *inputs.sample;
        const std::vector<std::string> paths = source.paths(sample);
        if (std::all_of(paths.begin(), paths.end(), is_kept)) {
          kept += std::ssize(paths);
          return;
        }
        const Image photo = decode_photo(inputs.photo, sample, options.any_image);
        const SampleMaps maps(facts, sample, std::move(inputs.maps), source.field);
        for (const NamedPicture& picture : source.draw(sample, maps, photo)) {
          if (is_kept(picture.what)) {
            ++kept;
            continue;
          }
          const std::string path = options.out + "/" + picture.what;
          folders.make_for(path);
          const std::vector<std::byte> bytes = encode_picture(picture.image, overlay);
          write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
          ++drawn;
        }
      },
      source.field);
  result.drawn = drawn;
  result.kept = kept;
  return result;
}

}  // namespace intr
