// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "commands.h"
#include "common.h"
#include "inspection.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/core/sha256.h"

namespace intr {
namespace {

constexpr std::size_t kValuesShown = 60;
constexpr std::size_t kTextShown = 100;

/// Names the family if the keys fit one; else says in a note why not.
void recognize(Inspection& inspection) {
  try {
    inspection.weights = name_weights(inspection.file);
    inspection.architecture = architecture_of(*inspection.weights, inspection.file.path());
    inspection.facts = facts_of(inspection.file);
  } catch (const DataError& error) {
    inspection.notes.emplace_back(error.what());
  }
}

void count_parameters(Inspection& inspection) {
  if (!inspection.weights) {
    for (const TensorEntry& entry : inspection.file.entries())
      inspection.parameters += entry.num_values();
    return;
  }
  for (const NamedTensor& tensor : inspection.weights->tensors)
    if (!is_buffer(tensor.name)) inspection.parameters += tensor.num_values();
  for (const DroppedKey& dropped : inspection.weights->dropped) {
    const std::string& root = inspection.weights->root;
    const TensorEntry* entry =
        inspection.file.find(root.empty() ? dropped.key : root + "/" + dropped.key);
    if (entry != nullptr && is_floating(entry->type)) inspection.parameters += entry->num_values();
  }
}

void find_aliases(Inspection& inspection) {
  std::map<std::size_t, std::string> first;
  // Tensors of our checkpoints lie in one storage each kind, side by side.
  if (inspection.file.format() == WeightFormat::checkpoint) return;
  for (const TensorEntry& entry : inspection.file.entries()) {
    const auto [found, added] = first.emplace(entry.storage, entry.name);
    if (!added) inspection.alias_of.emplace(entry.name, found->second);
  }
}

/// What no honest writer does often, and what was not looked at.
void add_notes(Inspection& inspection, bool statistics) {
  const WeightReport& report = inspection.file.report();
  std::vector<std::string>& notes = inspection.notes;
  notes.insert(notes.end(), report.notes.begin(), report.notes.end());
  for (const TensorEntry& entry : inspection.file.entries()) {
    if (entry.type == DType::other)
      notes.push_back(fmt::format("{} is of the type {}, which is not supported",
                                  quoted_name(entry.name), entry.type_name));
    const bool repeats = std::ranges::find(entry.stride, 0) != entry.stride.end();
    if (repeats && entry.num_values() > 1)
      notes.push_back(
          fmt::format("{} repeats its values by a stride of 0", quoted_name(entry.name)));
  }
  for (const std::string& name : report.ignored)
    notes.push_back(fmt::format("the record {} means nothing here", quoted_name(name)));
  if (!statistics)
    notes.emplace_back("the tensors' bytes were not read: intr-weights verify checks them");
}

void measure(Inspection& inspection) {
  std::vector<std::byte> bytes;
  for (const TensorEntry& entry : inspection.file.entries()) {
    if (entry.type == DType::other) continue;
    bytes.resize(entry.bytes);
    inspection.file.read(entry, bytes);
    inspection.statistics.emplace(entry.name, statistics_of(bytes, entry.type));
  }
  inspection.sha256 = sha256_file(inspection.file.path());
}

std::string number(const std::optional<double>& value) {
  return value ? fmt::format("{:.6g}", *value) : "-";
}

/// One line of the tensor table.
std::string tensor_line(const Inspection& inspection, const TensorEntry& entry, std::size_t width,
                        const std::string& shown_name) {
  std::string line =
      fmt::format("{:<{}}  {:<5} {:<18} {:>12}", shown_name, width, entry.type_name,
                  shape_text(entry.shape), with_commas(static_cast<std::int64_t>(entry.bytes)));
  if (!entry.is_row_major()) line += " stride " + shape_text(entry.stride);
  const auto alias = inspection.alias_of.find(entry.name);
  if (alias != inspection.alias_of.end()) line += " = " + printable(alias->second);
  const auto found = inspection.statistics.find(entry.name);
  if (found == inspection.statistics.end()) return line;
  const TensorStatistics& s = found->second;
  line += fmt::format("  min {} max {} mean {} std {}", number(s.minimum), number(s.maximum),
                      number(s.mean), number(s.deviation));
  if (s.num_nan > 0) line += fmt::format(" NaN {}", s.num_nan);
  if (s.num_infinite > 0) line += fmt::format(" Inf {}", s.num_infinite);
  return line + fmt::format(" xxh3 {:016x}", s.xxh3);
}

void print_table(const Inspection& inspection) {
  std::size_t width = 0;
  for (const TensorEntry& entry : inspection.file.entries())
    width = std::max(width, std::min<std::size_t>(printable(entry.name).size(), 80));
  for (const TensorEntry& entry : inspection.file.entries())
    fmt::print("  {}\n", tensor_line(inspection, entry, width, printable(entry.name)));
}

/// The same with each part of a name on a line of its own, indented.
void print_tree(const Inspection& inspection) {
  std::vector<std::string> open;
  for (const TensorEntry& entry : inspection.file.entries()) {
    std::vector<std::string> parts;
    std::string part;
    for (const char c : entry.name) {
      if (c == '.' || c == '/') {
        parts.push_back(std::move(part));
        part.clear();
      } else {
        part += c;
      }
    }
    std::size_t common = 0;
    while (common < parts.size() && common < open.size() && parts[common] == open[common]) ++common;
    for (std::size_t depth = common; depth < parts.size(); ++depth)
      fmt::print("  {:{}}{}\n", "", 2 * depth, printable(parts[depth]));
    fmt::print("  {:{}}{}\n", "", 2 * parts.size(),
               tensor_line(inspection, entry, 16, printable(part)));
    open = std::move(parts);
  }
}

/// Lines for values: the elements of a list of plain values share one.
class ValueLines {
 public:
  void add(const std::string& path, const Value& value) {
    const std::size_t slash = path.rfind('/');
    const std::string parent = path.substr(0, slash == std::string::npos ? 0 : slash);
    const std::string key = path.substr(slash == std::string::npos ? 0 : slash + 1);
    if (list_count_ > 0 && (parent != list_ || key != fmt::format("{}", list_count_))) end_list();
    const std::string text = shown(value).substr(0, kTextShown);
    if (list_count_ == 0 && key != "0") {
      lines_.push_back(fmt::format("{} = {}", printable(path), text));
      return;
    }
    list_ = parent;
    if (list_text_.size() < kTextShown) list_text_ += (list_count_ > 0 ? ", " : "") + text;
    ++list_count_;
  }
  std::vector<std::string> take() {
    end_list();
    return std::move(lines_);
  }

 private:
  void end_list() {
    if (list_count_ > 0)
      lines_.push_back(
          list_text_.size() < kTextShown
              ? fmt::format("{} = [{}]", printable(list_), list_text_)
              : fmt::format("{} = [{}, …] ({} values)", printable(list_), list_text_, list_count_));
    list_count_ = 0;
    list_text_.clear();
  }

  std::vector<std::string> lines_;
  std::string list_;  ///< path of the list whose elements are being added
  std::string list_text_;
  std::size_t list_count_ = 0;
};

void print_values(const WeightFile& file) {
  ValueLines values;
  file.for_each_value(
      [&](const std::string& path, const Value& value) { values.add(path, value); });
  const std::vector<std::string> lines = values.take();
  for (std::size_t i = 0; i < std::min(lines.size(), kValuesShown); ++i)
    fmt::print("  {}\n", lines[i]);
  if (lines.size() > kValuesShown)
    fmt::print("  … and {} more values: --json lists all\n", lines.size() - kValuesShown);
  for (const auto& [name, text] : file.metadata()) {
    const std::string shown_text = printable(text);
    fmt::print("  {} = {}{}\n", printable(name), shown_text.substr(0, kTextShown),
               shown_text.size() > kTextShown ? " …" : "");
  }
}

void print_inspection(const Inspection& inspection, bool tree) {
  const WeightFile& file = inspection.file;
  fmt::print("{}  {}, {}, family {}\n",
             printable(std::filesystem::path(file.path()).filename().string()),
             name_of(file.format()), megabytes(file.file_bytes()),
             inspection.weights ? name_of(inspection.weights->family) : "unknown");
  if (inspection.architecture) fmt::print("  {}\n", one_line(*inspection.architecture));
  const WeightFacts& facts = inspection.facts;
  if (facts.nheads)
    fmt::print("  {} heads, {} ({})\n", facts.nheads->value,
               facts.dilation && facts.dilation->value ? "dilation" : "no dilation",
               facts.nheads->source);
  if (facts.classes)
    fmt::print(
        "  {} classes: {}{}\n", facts.classes->value.size(),
        printable(fmt::format("{}", fmt::join(facts.classes->value, ", "))).substr(0, kTextShown),
        facts.classes->value.size() > 8 ? ", …" : "");
  fmt::print("  {} tensors: {} parameters", file.entries().size(),
             with_commas(inspection.parameters));
  if (!file.report().constructors.empty())
    fmt::print("; globals: {}; {} opcodes", fmt::join(file.report().constructors, ", "),
               with_commas(file.report().opcodes));
  fmt::print("\n");
  if (!inspection.sha256.empty()) fmt::print("  sha256 {}\n", inspection.sha256);
  fmt::print("\n");
  if (tree)
    print_tree(inspection);
  else
    print_table(inspection);
  fmt::print("\n");
  print_values(file);
  for (const std::string& note : inspection.notes) fmt::print("  note: {}\n", note);
}

}  // namespace

ExitCode inspect_weights(const Words& words) {
  CommonOptions common;
  Words files;
  bool tree = false;
  bool statistics = false;
  OptionSet set("intr-weights inspect FILE [options]",
                "Shows what a weight file is: format, family, architecture, every tensor, and the "
                "values beside them. Reads no tensor unless asked for --stats.");
  set.positional("FILE", files, 1, 1, "weight file of any format, or a run directory");
  set.group("What")
      .add("tree", tree, "nest the names")
      .add("stats", statistics,
           "read the tensors: minimum, maximum, mean, deviation, NaN, Inf, "
           "XXH3 of each, SHA-256 of the file");
  describe(common, set);
  if (!parse(set, words, common)) return ExitCode::kDone;
  const WeightFile file = open_weights(files[0], common);
  Inspection inspection{.file = file};
  recognize(inspection);
  count_parameters(inspection);
  find_aliases(inspection);
  if (statistics) measure(inspection);
  add_notes(inspection, statistics);
  if (common.json)
    fmt::print("{}\n", inspection_json(inspection).dump(2));
  else if (!common.quiet)
    print_inspection(inspection, tree);
  return ExitCode::kDone;
}

}  // namespace intr
