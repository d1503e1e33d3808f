// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/checkpoint_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/io/atomic_file.h"
#include "intr/weights/checkpoint_file.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
constexpr const char* kPrefix = "ckpt-";
constexpr const char* kSuffix = ".h5";

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

template <class T>
bool parse(const std::string& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<ManifestEntry> parse_line(const std::string& line) {
  const std::vector<std::string> fields = split(line, '\t');
  ManifestEntry entry;
  if (fields.size() != 7 || !parse(fields[0], entry.step) || !parse(fields[1], entry.epoch) ||
      !parse(fields[3], entry.bytes) || fields[4].size() != 32 ||
      checkpoint_step(fields[2]) != entry.step)
    return {};
  entry.file = fields[2];
  entry.hash = fields[4];
  if (fields[5] != "-") entry.tags = split(fields[5], ',');
  if (fields[6] != "-" && !parse(fields[6], entry.metric)) return {};
  return entry;
}

std::string line_of(const ManifestEntry& entry) {
  const std::string tags = entry.tags.empty() ? "-" : fmt::format("{}", fmt::join(entry.tags, ","));
  const std::string metric = entry.metric < 0 ? "-" : fmt::format("{}", entry.metric);
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", entry.step, entry.epoch, entry.file,
                     entry.bytes, entry.hash, tags, metric);
}

/// The first candidate that is whole; the message says why the others are not.
std::string first_good(const std::string& folder, const std::vector<ManifestEntry>& candidates,
                       const std::string& run) {
  std::string reasons;
  for (const ManifestEntry& entry : candidates) {
    const std::string path = folder + "/" + entry.file;
    try {
      if (entry.tagged("suspect")) throw DataError("replicas differed when it was written", path);
      check_candidate(folder, entry);
      static_cast<void>(read_checkpoint(path, false));
      return path;
    } catch (const Error& error) {
      log::warning("{}", error.what());
      reasons += fmt::format("; {}", error.what());
    }
  }
  throw DataError(reasons.empty() ? "the run has no checkpoint yet"
                                  : "no checkpoint of this run is whole" + reasons,
                  run, "name a weight file, or a run directory of intr-train");
}

}  // namespace

std::string checkpoint_file_name(std::int64_t step) {
  return fmt::format("{}{:010}{}", kPrefix, step, kSuffix);
}

std::optional<std::int64_t> checkpoint_step(const std::string& file_name) {
  const std::string prefix = kPrefix;
  const std::string suffix = kSuffix;
  if (!file_name.starts_with(prefix) || !file_name.ends_with(suffix)) return {};
  std::int64_t step = 0;
  const std::size_t digits =
      file_name.size() - std::min(file_name.size(), prefix.size() + suffix.size());
  if (!parse(file_name.substr(prefix.size(), digits), step) || step < 0) return {};
  return checkpoint_file_name(step) == file_name ? std::optional(step) : std::nullopt;
}

bool ManifestEntry::tagged(const std::string& tag) const {
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

std::vector<ManifestEntry> read_manifest(const std::string& folder) {
  const std::string path = folder + "/" + kManifestName;
  std::vector<ManifestEntry> entries;
  if (!fs::exists(path)) return entries;
  for (const std::string& line : split(read_file(path), '\n')) {
    if (line.empty()) continue;
    if (const auto entry = parse_line(line))
      entries.push_back(*entry);
    else
      log::warning("{}: a line is damaged and left out: {}", path, line);
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.step < b.step; });
  return entries;
}

void write_manifest(const std::string& folder, const std::vector<ManifestEntry>& entries) {
  std::string text;
  for (const ManifestEntry& entry : entries) text += line_of(entry);
  write_file(folder + "/" + kManifestName, text);
}

std::vector<ManifestEntry> checkpoint_candidates(const std::string& folder) {
  std::vector<ManifestEntry> candidates = read_manifest(folder);
  std::error_code ignored;
  for (const auto& file : fs::directory_iterator(folder, ignored)) {
    const std::string name = file.path().filename().string();
    const auto step = checkpoint_step(name);
    const auto listed = [&](const ManifestEntry& entry) { return entry.file == name; };
    if (step && std::none_of(candidates.begin(), candidates.end(), listed))
      candidates.push_back({.step = *step, .file = name});
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const auto& a, const auto& b) { return a.step > b.step; });
  return candidates;
}

void check_candidate(const std::string& folder, const ManifestEntry& entry) {
  const std::string path = folder + "/" + entry.file;
  if (!fs::is_regular_file(path)) throw DataError("the file is missing, MANIFEST lists it", path);
  if (entry.hash.empty()) return;  // not listed: its own block hashes must do
  const std::uint64_t bytes = fs::file_size(path);
  if (bytes != entry.bytes)
    throw DataError(fmt::format("has {} bytes, MANIFEST says {}", bytes, entry.bytes), path);
  const std::string hash = hash_file(path);
  if (hash != entry.hash)
    throw DataError(fmt::format("has hash {}, MANIFEST says {}", hash, entry.hash), path);
}

std::string find_checkpoint(const std::string& file_or_run_directory) {
  if (!fs::exists(file_or_run_directory))
    throw DataError("no such weight file or run directory", file_or_run_directory,
                    "name a weight file, or a run directory of intr-train");
  if (!fs::is_directory(file_or_run_directory)) return file_or_run_directory;
  std::string folder = file_or_run_directory;
  if (fs::is_directory(folder + "/" + kCheckpointFolder))
    folder += std::string("/") + kCheckpointFolder;
  std::vector<ManifestEntry> candidates = checkpoint_candidates(folder);
  std::stable_partition(candidates.begin(), candidates.end(),
                        [](const ManifestEntry& entry) { return entry.tagged("best"); });
  return first_good(folder, candidates, file_or_run_directory);
}

}  // namespace intr
