// SPDX-License-Identifier: Apache-2.0
#include "preprocess/source_options.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "intr/data/class_file.h"
#include "preprocess/annotations.h"
#include "preprocess/csv_manifest.h"
#include "preprocess/cub_layout.h"
#include "preprocess/idx_files.h"
#include "preprocess/image_folder.h"
#include "preprocess/selection.h"
#include "preprocess/split_names.h"

namespace intr {
namespace {

std::string kind_of(const SourceOptions& o, const std::string& path) {
  if (o.kind != "auto") return o.kind;
  std::error_code ignored;
  if (path.ends_with(".csv") && !std::filesystem::is_directory(path, ignored)) return "csv";
  if (looks_like_cub(path)) return "cub";
  return looks_like_idx(path) ? "idx" : "folder";
}

const char* kind_name(const std::string& kind) {
  return kind == "csv"   ? "a CSV file"
         : kind == "cub" ? "the layout of CUB-200-2011"
         : kind == "idx" ? "idx files"
                         : "an image folder";
}

SourceRules rules_of(const SourceOptions& o, const std::string& kind) {
  SourceRules rules;
  rules.allow_empty = o.allow_empty;
  if (kind == "csv") rules.splits.clear();  // all that the file has
  if (!o.splits.empty()) rules.splits = parse_split_names("--splits", o.splits);
  if (!o.classes.empty()) rules.classes = read_class_file(o.classes);
  for (const std::string& name : rules.classes)
    if (name.find('/') != std::string::npos)
      throw DataError(fmt::format("the class name '{}' holds a '/'", printable(name)), o.classes,
                      "write one class name a line");
  return rules;
}

}  // namespace

void describe(SourceOptions& o, OptionSet& set) {
  set.group("Source")
      .add("source", o.kind, "what SOURCE is: auto, folder, cub, csv or idx")
      .add("splits", o.splits,
           "splits that are taken, separated by commas; none = train,val, or all of a CSV file")
      .add("split", o.split, "split of all rows of a CSV file without a column 'split'")
      .add("root", o.root, "folder that paths of a CSV file begin at; none = the file's own")
      .add("classes", o.classes, "file with the class names, one a line, in order of their labels")
      .add("allow-empty", o.allow_empty, "keep classes without pictures")
      .add("skip-hidden", o.skip_hidden, "leave out classes and files whose names begin with a dot")
      .add("keep-hidden", o.keep_hidden, "take in classes and files whose names begin with a dot")
      .add("boxes", o.boxes, "CSV file with boxes: path,x,y,width,height")
      .add("parts", o.parts, "CSV file with parts: path,part,x,y,visible")
      .add("limit", o.limit, "take at most so many pictures of a split: train=6000,val=2000")
      .add("limit-seed", o.limit_seed, "which pictures a limit chooses")
      .add("include", o.include, "take only the paths in this file: PATH or SPLIT/PATH a line")
      .add("exclude", o.exclude, "leave out the paths in this file");
}

void validate(const SourceOptions& o) {
  require_choice("source", o.kind, {"auto", "folder", "cub", "csv", "idx"});
  require_range("limit-seed", o.limit_seed, 0, std::int64_t{1} << 62);
  if (o.skip_hidden && o.keep_hidden)
    throw UsageError("--skip-hidden and --keep-hidden exclude each other", {}, "give one of them");
  if (!o.splits.empty()) parse_split_names("--splits", o.splits);
  if (!o.split.empty() && !is_split_name(o.split))
    throw UsageError(fmt::format("'{}' is no split name", printable(o.split)), "--split",
                     "use letters, digits, '_' and '-'");
}

std::unique_ptr<PictureSource> make_source(const SourceOptions& o, const std::string& path) {
  const std::string kind = kind_of(o, path);
  log::info("{} is read as {}{}", printable(path), kind_name(kind),
            o.kind == "auto" ? "" : " (--source)");
  const SourceRules rules = rules_of(o, kind);
  if (kind != "csv" && (!o.root.empty() || !o.split.empty()))
    throw UsageError(
        "belongs to CSV files", o.root.empty() ? "--split" : "--root",
        fmt::format("leave it out: {} is read as {}", printable(path), kind_name(kind)));
  if (kind == "csv") return std::make_unique<CsvManifest>(path, rules, o.root, o.split);
  if (kind == "cub") return std::make_unique<CubLayout>(path, rules);
  if (kind == "idx") return std::make_unique<IdxFiles>(path, rules);
  const HiddenPolicy hidden = o.skip_hidden   ? HiddenPolicy::kSkip
                              : o.keep_hidden ? HiddenPolicy::kKeep
                                              : HiddenPolicy::kRefuse;
  return std::make_unique<ImageFolder>(path, rules, hidden);
}

Listing scan(PictureSource& source, const SourceOptions& o) {
  Listing listing = source.scan();
  if (!o.boxes.empty()) add_boxes(listing, o.boxes);
  if (!o.parts.empty()) add_parts(listing, o.parts);
  select_files(listing, {parse_limits(o.limit), static_cast<std::uint64_t>(o.limit_seed), o.include,
                         o.exclude});
  for (const std::string& warning : listing.warnings) log::warning("{}", warning);
  return listing;
}

}  // namespace intr
