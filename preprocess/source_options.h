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
  std::string kind = "auto";
  std::string splits = "train,val";
  std::string classes;
  bool allow_empty = false;
  bool skip_hidden = false;
  bool keep_hidden = false;
  std::string limit;
  std::int64_t limit_seed = 0;
  std::string include;
  std::string exclude;
};

void describe(SourceOptions& o, OptionSet& set);
/// @throws UsageError
void validate(const SourceOptions& o);
/// The source that the options ask for, or that SOURCE looks like; says which.
std::unique_ptr<PictureSource> make_source(const SourceOptions& o, const std::string& root);
/// Everything that it finds, less what the options leave out.
Listing scan(PictureSource& source, const SourceOptions& o);

}  // namespace intr
