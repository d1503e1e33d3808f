// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "intr/core/error.h"
#include "intr/core/option_set.h"
#include "intr/core/printable.h"
#include "intr/core/version.h"
#include "intr/data/augmentation.h"
#include "intr/data/shard_reader.h"
#include "intr/image/encode.h"
#include "intr/io/atomic_file.h"
#include "preprocess/pack_commands.h"
#include "preprocess/sample_facts.h"
#include "preprocess/set_lookup.h"
#include "preprocess/standard_output.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSummary =
    "Writes what the network sees of a sample, after the transform and before normalizing, as an "
    "RGB PNG.\nTraining draws flips, sizes and crops from (seed, epoch, sample id): the same "
    "numbers give the same picture here.\n\nFor example, sample 12 in evaluation, and in the "
    "fourth "
    "epoch of a training run:\n\n"
    "  intr-pack export SET --split val --sample 12 --transform val -o x.png\n"
    "  intr-pack export SET --split train --sample 12 --transform train --epoch 3 --seed 42 -o "
    "x.png";

struct ExportOptions {
  std::vector<std::string> set;
  std::string split;
  std::string sample;
  std::string transform = "val";
  std::int64_t epoch = 0;
  std::int64_t seed = 42;
  std::string out;
  bool json = false;
};

void describe(ExportOptions& o, OptionSet& set) {
  set.positional("SET", o.set, 1, 1, "folder that intr-pack wrote");
  set.group("Export")
      .add("split", o.split, "split of the sample; not needed if there is one only")
      .add("sample", o.sample, "its id, or its path below the split's folder")
      .add("transform", o.transform,
           "val, flip, train, val:S, flip:S or train:S, as in training; none: decoded only")
      .add("epoch", o.epoch, "epoch of the draws, from 0")
      .add("seed", o.seed, "seed of the draws: the run's --seed")
      .add("out,o", o.out, "PNG file to write")
      .add("json", o.json, "print a JSON object");
}

/// Nothing for "none".
std::optional<Transform> transform_of(const std::string& name) {
  if (name == "none") return std::nullopt;
  try {
    return Transform::parse(name);
  } catch (const UsageError& error) {
    throw UsageError(fmt::format("{}; or none", error.what()), "--transform");
  }
}

/// What was done to the picture.
struct Exported {
  ImageSize source;
  TransformPlan plan;
};

Json size_json(ImageSize size) { return {{"width", size.width}, {"height", size.height}}; }

Json json_of(const Exported& done, const ExportOptions& o, const DataIndex& index,
             std::int64_t row) {
  Json result = sample_identity(index, row);
  result["transform"] = o.transform;
  result["epoch"] = o.epoch;
  result["seed"] = o.seed;
  result["source"] = size_json(done.source);
  result["flip"] = done.plan.flip;
  result["crop"] = nullptr;
  if (done.plan.crop) {
    result["crop"] = size_json(done.plan.cropped);
    result["crop"]["left"] = done.plan.left;
    result["crop"]["top"] = done.plan.top;
    result["crop"]["of"] = size_json(done.plan.first);
  }
  result["final"] = size_json(done.plan.final);
  result["file"] = printable(o.out);
  return result;
}

std::string text_of(const Exported& done, const ExportOptions& o, const DataIndex& index,
                    std::int64_t row) {
  const TransformPlan& plan = done.plan;
  std::string crop = "none";
  if (plan.crop)
    crop = fmt::format("{}x{} at ({}, {}) of {}x{}", plan.cropped.width, plan.cropped.height,
                       plan.left, plan.top, plan.first.width, plan.first.height);
  return fmt::format(
      "sample     {} of {}, {} ({})\ntransform  {}, epoch {}, seed {}\nsource     {}x{}\n"
      "flip       {}\ncrop       {}\nfinal      {}x{}\nfile       {}\n",
      index.sample_id(row), index.split(), printable(index.path(row)), class_of(index, row),
      o.transform, o.epoch, o.seed, done.source.width, done.source.height, plan.flip ? "yes" : "no",
      crop, plan.final.width, plan.final.height, printable(o.out));
}

Exported write_picture(const ExportOptions& o, const std::optional<Transform>& transform,
                       const DataIndex& index, std::int64_t row) {
  Image image = ShardReader(index).decode(row);
  Exported done{image.size, {}};
  done.plan.final = image.size;
  if (transform) {
    done.plan = plan_transform(*transform, image.size, static_cast<std::uint64_t>(o.seed),
                               static_cast<std::uint64_t>(o.epoch),
                               static_cast<std::uint64_t>(index.sample_id(row)));
    image = apply_transform(done.plan, std::move(image));
  }
  const std::vector<std::byte> png = encode_png(image);
  write_file(o.out, std::string_view(reinterpret_cast<const char*>(png.data()), png.size()));
  return done;
}

}  // namespace

ExitCode export_command(const std::vector<std::string>& arguments, const CommandContext&) {
  ExportOptions o;
  OptionSet set("intr-pack export SET --split S --sample ID|PATH -o FILE.png [options]", kSummary);
  describe(o, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  require_given("sample", o.sample, "12");
  require_given("out", o.out, "x.png");
  require_range("epoch", o.epoch, 0, std::int64_t{1} << 62);
  require_range("seed", o.seed, 0, std::int64_t{1} << 62);
  const std::optional<Transform> transform = transform_of(o.transform);
  const std::string& folder = o.set.front();
  const DataIndex index = DataIndex::open(folder, find_split(Manifest::read(folder), o.split));
  const std::int64_t row = find_row(index, o.sample);
  const Exported done = write_picture(o, transform, index, row);
  if (o.json)
    fmt::print("{}\n", json_of(done, o, index, row).dump(2));
  else
    fmt::print("{}", text_of(done, o, index, row));
  flush_output();
  return ExitCode::kDone;
}

}  // namespace intr
