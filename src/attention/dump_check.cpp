// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "intr/attention/dump_index.h"
#include "intr/attention/map_reader.h"
#include "intr/attention/plan_file.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

void check_piece_files(const std::string& folder, const DumpPlanFile& plan,
                       std::vector<std::string>& problems) {
  const std::string path = folder + "/" + kDumpFileName;
  const auto listed =
      json_member<std::vector<nlohmann::ordered_json>>(read_json(path), "pieces", path);
  if (listed.size() != plan.pieces.size())
    problems.push_back(fmt::format("{}: lists {} pieces, {} has {}", path, listed.size(),
                                   kPlanFileName, plan.pieces.size()));
  for (std::uint32_t number = 0; number < plan.num_pieces(); ++number) {
    const std::string trouble = piece_trouble(folder, plan, number, false);
    const std::string file = folder + "/" + piece_file_name(number);
    if (!trouble.empty()) {
      problems.push_back(trouble == "missing" ? file + ": is missing" : trouble);
    } else if (number < listed.size() &&
               json_member<std::string>(listed[number], "hash", path) != hash_file(file)) {
      problems.push_back(
          fmt::format("{}: is not the file that {} lists: its hash differs", file, kDumpFileName));
    }
  }
}

void check_sample_list(const MapReader& reader, const DumpPlanFile& plan,
                       std::vector<std::string>& problems) {
  std::vector<std::int64_t> planned;
  for (const PlannedPiece& piece : plan.pieces)
    planned.insert(planned.end(), piece.sample_ids.begin(), piece.sample_ids.end());
  std::sort(planned.begin(), planned.end());
  std::vector<std::int64_t> there;
  for (std::int64_t row = 0; row < reader.size(); ++row)
    there.push_back(reader.sample(row).sample_id);
  std::vector<std::int64_t> different;
  std::set_symmetric_difference(planned.begin(), planned.end(), there.begin(), there.end(),
                                std::back_inserter(different));
  for (const std::int64_t id : different)
    problems.push_back(fmt::format("sample {}: is not both planned and in the index", id));
}

}  // namespace

DumpStatus dump_status(const std::string& folder) {
  const DumpPlanFile plan = read_dump_plan(folder);
  DumpStatus status;
  status.samples_planned = plan.num_samples();
  status.finished = dump_is_finished(folder);
  for (std::uint32_t number = 0; number < plan.num_pieces(); ++number) {
    const auto samples = static_cast<std::int64_t>(plan.pieces[number].sample_ids.size());
    status.pieces.push_back(
        {piece_file_name(number), samples, piece_trouble(folder, plan, number, false)});
    if (status.pieces.back().trouble.empty())
      status.samples_done += samples;
    else
      status.finished = false;
  }
  return status;
}

std::vector<std::string> verify_dump(const std::string& path) {
  std::vector<std::string> problems;
  const MapReader reader = MapReader::open(path);
  if (std::filesystem::is_directory(path) && reader.facts().complete) {
    const DumpPlanFile plan = read_dump_plan(path);
    check_piece_files(path, plan, problems);
    check_sample_list(reader, plan, problems);
    if (reader.facts().classes != plan.facts.classes)
      problems.push_back(
          fmt::format("{}/{}: names other classes than {}", path, kIndexFileName, kPlanFileName));
  }
  for (std::int64_t row = 0; row < reader.size(); ++row) {
    try {
      for (const MapField field : reader.facts().fields()) reader.values(row, field);
    } catch (const DataError& error) {
      problems.emplace_back(error.what());
    }
  }
  return problems;
}

}  // namespace intr
