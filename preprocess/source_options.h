// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "intr/core/option_set.h"
#include "preprocess/picture_source.h"

namespace intr {

/// What a command that reads a source of pictures can be told about it.
struct SourceOptions {
  std::string kind = "auto";  ///< auto, folder, cub, csv, idx
  std::string splits;         ///< separated by commas; empty: train,val, or all of a CSV file
  std::string split;          ///< of a CSV file without that column
  std::string root;           ///< of the paths in a CSV file
  std::string classes;        ///< file with the class list
  bool allow_empty = false;
  bool skip_hidden = false;
  bool keep_hidden = false;
  std::string boxes;  ///< CSV file
  std::string parts;  ///< CSV file
  std::string limit;
  std::int64_t limit_seed = 0;
  std::string include;
  std::string exclude;
};

/// Adds the group "Source".
void describe(SourceOptions& options, OptionSet& set);
void validate(const SourceOptions& options);

/// A source and the pictures that were chosen of it.
struct ScannedSource {
  std::unique_ptr<PictureSource> source;
  Listing listing;
};

/// Finds out what `path` is, scans it, gives pictures their annotations and chooses among them. Says
/// what the source was taken for, and its warnings. @throws DataError, UsageError
ScannedSource scan_source(const SourceOptions& options, const std::string& path);

}  // namespace intr
