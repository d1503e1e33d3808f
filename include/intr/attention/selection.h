// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/attention/map_reader.h"
#include "intr/core/option_set.h"

namespace intr {

/// Which samples of a dump. Kinds intersect, repeats of one kind unite.
struct SelectionOptions {
  std::vector<std::string> classes{};  ///< names or numbers of true classes
  std::vector<std::string> samples{};  ///< sample ids, or ranges A-B with both ends
  bool wrong_only = false;
  bool correct_only = false;
  std::int64_t limit = 0;               ///< at most so many samples of the rest; 0 = all
  std::vector<std::string> confused{};  ///< "TRUE,PREDICTED"
  std::int64_t random = 0;              ///< so many samples of the rest, drawn; 0 = all
  std::int64_t seed = 0;                ///< of that
  std::string sort = "id";              ///< margin, probability
};
/// @param seed_help what --seed is for
void describe(SelectionOptions& options, OptionSet& set,
              const std::string& seed_help = "of --random");

/// The options that leave samples out, as they would be typed; "" if none does.
std::string selection_text(const SelectionOptions& options);

/// Rows of the reader in the order asked for. @throws UsageError if a class is unknown (naming near
/// ones), a range or pair does not parse, or nothing is left (with the count of each condition)
std::vector<std::int64_t> select_rows(const MapReader& reader, const SelectionOptions& options);

/// Number of the class of that name or number. @throws UsageError naming near ones
std::int32_t find_class(const std::vector<std::string>& classes, const std::string& name,
                        const std::string& flag);

}  // namespace intr
