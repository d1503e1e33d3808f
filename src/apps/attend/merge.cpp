// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <limits>

#include "commands.h"
#include "intr/attention/dump_index.h"
#include "intr/attention/dump_merge.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/train/compute_place.h"

namespace intr {
namespace {

/// Brings the index of a dump's folder up to date. @param partial what is there is enough
void refresh_index(const std::string& folder, bool partial) {
  const DumpPlanFile plan = read_dump_plan(folder);
  if (!partial) return write_dump_index(folder, plan);
  if (dump_is_finished(folder)) return;
  const std::int64_t samples = write_partial_index(folder, plan);
  if (samples == plan.num_samples()) return write_dump_index(folder, plan);
  log::warning("{}: {} of {} samples are there", folder, samples, plan.num_samples());
}

}  // namespace

ExitCode attend_merge(const std::vector<std::string>& arguments) {
  std::vector<std::string> dumps;
  std::string into;
  bool partial = false;
  OptionSet set(
      "intr-attend merge DUMP [--partial] [--into FILE]\n"
      "       intr-attend merge DUMP DUMP... --into FILE",
      "Rebuilds the index of a dump whose pieces are all there. With --into writes one ordinary "
      "HDF5 file in sample-id order, which every program accepts; several dumps of different "
      "samples, made with equal options, are joined in it.");
  set.positional("DUMP", dumps, 1, std::numeric_limits<int>::max(),
                 "folder of a dump; with --into also an index.h5 or a merged file");
  set.group("Output")
      .add("into", into, "file to write")
      .add(
          "partial", partial,
          "make readable what is there of a dump that is not finished; intr-attend goes on with it "
          "all the same");
  if (!set.parse(arguments, train_build_facts())) return ExitCode::kDone;
  if (into.empty() && dumps.size() > 1)
    throw UsageError("several dumps are joined in a new file", "--into", "give --into FILE");
  for (const std::string& dump : dumps) {
    const bool is_folder = std::filesystem::is_directory(dump);
    if (!is_folder && into.empty())
      throw UsageError("is no folder of a dump", dump, "give the folder, or --into FILE");
    // With --into, a finished dump may lie where nothing can be written.
    if (is_folder && (into.empty() || !dump_is_finished(dump))) refresh_index(dump, partial);
  }
  if (!into.empty()) merge_into(dumps, into);
  return ExitCode::kDone;
}

}  // namespace intr
