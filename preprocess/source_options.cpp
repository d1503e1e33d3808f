// SPDX-License-Identifier: Apache-2.0
#include "preprocess/source_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "intr/data/class_file.h"
#include "preprocess/idx_files.h"
#include "preprocess/image_folder.h"
#include "preprocess/selection.h"

namespace intr {
namespace {

std::vector<std::string> split_names(const std::string& text) {
  static const std::regex kName("[A-Za-z0-9_-]+");
  std::vector<std::string> names;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    if (!std::regex_match(part, kName) ||
        std::find(names.begin(), names.end(), part) != names.end())
      throw UsageError(fmt::format("'{}' is no split name, or stands there twice", part),
                       "--splits", "use letters, digits, '_' and '-', as in train,val");
    names.push_back(part);
  }
  if (names.empty()) throw UsageError("names no split", "--splits", "write train,val");
  return names;
}

}  // namespace

void describe(SourceOptions& o, OptionSet& set) {
  set.group("Source")
      .add("source", o.kind, "what SOURCE is: auto, folder or idx")
      .add("splits", o.splits, "splits to pack, separated by commas; each must exist")
      .add("classes", o.classes, "file with the class names, one a line, in order of their labels")
      .add("allow-empty", o.allow_empty, "keep classes without pictures")
      .add("skip-hidden", o.skip_hidden, "leave out classes and files whose names begin with a dot")
      .add("keep-hidden", o.keep_hidden, "take in classes and files whose names begin with a dot")
      .add("limit", o.limit, "pack at most so many pictures of a split: train=6000,val=2000")
      .add("limit-seed", o.limit_seed, "which pictures a limit chooses")
      .add("include", o.include, "pack only the paths in this file: PATH or SPLIT/PATH a line")
      .add("exclude", o.exclude, "leave out the paths in this file");
}

void validate(const SourceOptions& o) {
  require_choice("source", o.kind, {"auto", "folder", "idx"});
  require_range("limit-seed", o.limit_seed, 0, std::int64_t{1} << 62);
  if (o.skip_hidden && o.keep_hidden)
    throw UsageError("--skip-hidden and --keep-hidden exclude each other", {}, "give one of them");
}

std::unique_ptr<PictureSource> make_source(const SourceOptions& o, const std::string& root) {
  SourceRules rules;
  rules.splits = split_names(o.splits);
  rules.allow_empty = o.allow_empty;
  if (!o.classes.empty()) rules.classes = read_class_file(o.classes);
  for (const std::string& name : rules.classes)
    if (name.find('/') != std::string::npos)
      throw DataError(fmt::format("the class name '{}' holds a '/'", printable(name)), o.classes,
                      "write one class name a line");
  const bool idx = o.kind == "idx" || (o.kind == "auto" && looks_like_idx(root));
  log::info("{} is read as {}{}", printable(root), idx ? "idx files" : "an image folder",
            o.kind == "auto" ? "" : " (--source)");
  if (idx) return std::make_unique<IdxFiles>(root, rules);
  const HiddenPolicy hidden = o.skip_hidden   ? HiddenPolicy::kSkip
                              : o.keep_hidden ? HiddenPolicy::kKeep
                                              : HiddenPolicy::kRefuse;
  return std::make_unique<ImageFolder>(root, rules, hidden);
}

Listing scan(PictureSource& source, const SourceOptions& o) {
  Listing listing = source.scan();
  select_files(listing, {parse_limits(o.limit), static_cast<std::uint64_t>(o.limit_seed), o.include,
                         o.exclude});
  return listing;
}

}  // namespace intr
