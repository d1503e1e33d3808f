// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "intr/core/option_set.h"
#include "preprocess/picture_source.h"

namespace intr {

/// Which pictures a command takes from its SOURCE.
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
/// @throws UsageError
void validate(const SourceOptions& options);

/// The source that the options ask for, or that SOURCE looks like; says which.
/// @throws UsageError, DataError for a class list that cannot be used
std::unique_ptr<PictureSource> make_source(const SourceOptions& options, const std::string& path);
/// Everything that it finds with its annotations, less what the options leave out; logs what is odd
/// about it. @throws DataError
Listing scan(PictureSource& source, const SourceOptions& options);

}  // namespace intr
