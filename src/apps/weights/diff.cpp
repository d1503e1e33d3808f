// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "commands.h"
#include "common.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/weights/weight_diff.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

Json difference_json(const TensorDifference& d) {
  Json json = {{"name", d.name},
               {"type_a", name_of(d.type_a)},
               {"type_b", name_of(d.type_b)},
               {"shape_a", d.shape_a},
               {"shape_b", d.shape_b}};
  if (!d.same_shape()) return json;
  json["different"] = d.num_different;
  json["max_abs"] = d.max_abs;
  json["relative_l2"] = d.relative_l2;
  json["first"] = d.first ? Json(*d.first) : Json();
  return json;
}

void print(const WeightDifferences& found) {
  for (const std::string& name : found.only_a) fmt::print("only in A: {}\n", printable(name));
  for (const std::string& name : found.only_b) fmt::print("only in B: {}\n", printable(name));
  for (const TensorDifference& d : found.tensors) {
    if (!d.same_shape()) {
      fmt::print("{}: shape {} and {}\n", printable(d.name), shape_text(d.shape_a),
                 shape_text(d.shape_b));
      continue;
    }
    std::string line = printable(d.name) + ":";
    if (d.type_a != d.type_b)
      line += fmt::format(" type {} and {};", name_of(d.type_a), name_of(d.type_b));
    if (d.first)
      line += fmt::format(" {} values differ, max |a-b| {:.6g}, relative L2 {:.6g}, first at {}",
                          d.num_different, d.max_abs, d.relative_l2, shape_text(*d.first));
    else
      line += " equal values";
    fmt::print("{}\n", line);
  }
  fmt::print("{} tensors are equal, {} differ, {} only in A, {} only in B\n", found.num_equal,
             found.tensors.size(), found.only_a.size(), found.only_b.size());
}

}  // namespace

ExitCode diff_weights(const Words& words) {
  CommonOptions common;
  Words files;
  DiffOptions options;
  OptionSet set("intr-weights diff A B [options]",
                "Compares the tensors of two weight files of any formats by our names. Exit status "
                "0: the same, 1: different. NaN equals NaN.");
  set.positional("A B", files, 2, 2, "weight files, or run directories");
  set.group("Comparison")
      .add("raw-names", options.raw_names, "match tensors by their names in the files")
      .add("rtol", options.rtol,
           "values differ beyond atol + rtol |b|, types do not; both 0: bits and types")
      .add("atol", options.atol, "absolute part of that");
  describe(common, set);
  if (!parse(set, words, common)) return ExitCode::kDone;
  require_range("rtol", options.rtol, 0.0, 1e300);
  require_range("atol", options.atol, 0.0, 1e300);
  const WeightFile a = open_weights(files[0], common);
  const WeightFile b = open_weights(files[1], common);
  const WeightDifferences found = compare_weights(a, b, options);
  if (common.json) {
    Json tensors = Json::array();
    for (const TensorDifference& difference : found.tensors)
      tensors.push_back(difference_json(difference));
    fmt::print("{}\n", Json({{"same", !found.any()},
                             {"equal", found.num_equal},
                             {"only_a", found.only_a},
                             {"only_b", found.only_b},
                             {"tensors", tensors}})
                           .dump(2));
  } else if (!common.quiet) {
    print(found);
  }
  return found.any() ? ExitCode::kDifferent : ExitCode::kDone;
}

}  // namespace intr
