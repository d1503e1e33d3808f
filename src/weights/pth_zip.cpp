// SPDX-License-Identifier: Apache-2.0
// The zip file that torch.save writes since 1.6: one pickle, and a record for each storage.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "file_advice.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "pth_contents.h"
#include "zip_layout.h"

namespace intr {
namespace {

constexpr const char* kPickle = "data.pkl";
constexpr std::size_t kLongestKey = 64;
/// What every file of torch has beside tensors.
constexpr std::array<std::string_view, 6> kOfTorch = {
    kPickle,           "byteorder",          "version",
    ".format_version", ".storage_alignment", ".data/serialization_id"};

std::string cut(const std::string& text) { return printable(text.substr(0, 120)); }

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= kLongestKey &&
         std::all_of(key.begin(), key.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '_' || c == '-';
         });
}

class ZipReader {
 public:
  ZipReader(const InputFile& file, const WeightLimits& limits, WeightContents& contents)
      : file_(file), contents_(contents), limits_(limits), entries_(scan_zip(file, limits)) {}

  void run() {
    check_with_libzip(file_, entries_);
    find_records();
    check_byte_order();
    PickleSource source(read_zip_entry(file_, pickle()), file_.path(), kPickle);
    PickleMachine machine(contents_.tree, limits_, PickleMachine::Form::zip);
    const Value::Node top = machine.run(source);
    if (!source.at_end()) source.fail(source.position(), "bytes behind the end", kDamaged);
    take_pickled(machine, top, limits_, file_.path(), contents_);
    place_storages(machine);
    check_budget(contents_.entries, limits_, file_.path());
    list_ignored();
  }

 private:
  [[noreturn]] void fail(const std::string& what, const char* next = kDamaged) const {
    throw DataError(what, file_.path(), next);
  }
  void find_records();
  const ZipEntry& pickle() const;
  void check_byte_order() const;
  void place_storages(const PickleMachine& machine);
  void list_ignored();

  const InputFile& file_;
  WeightContents& contents_;
  const WeightLimits& limits_;
  std::vector<ZipEntry> entries_;
  std::map<std::string, std::pair<const ZipEntry*, bool>> records_;  ///< below the top; used or not
};

/// Everything must lie below one top folder.
void ZipReader::find_records() {
  std::string top;
  for (const ZipEntry& entry : entries_) {
    const std::size_t slash = entry.name.find('/');
    if (slash == std::string::npos)
      fail(fmt::format("byte {}: \"{}\" lies in no folder, as torch would write it", entry.header,
                       cut(entry.name)),
           "this is no file of torch.save: unpack it and look for the weights inside");
    if (top.empty()) top = entry.name.substr(0, slash + 1);
    if (!entry.name.starts_with(top))
      fail(fmt::format("byte {}: two top folders, {} and \"{}\"", entry.header, cut(top),
                       cut(entry.name)));
    records_.emplace(entry.name.substr(top.size()), std::pair(&entry, false));
  }
  for (const auto& [name, record] : records_) {
    if (name == "constants.pkl" || name.starts_with("code/"))
      fail("a TorchScript program, not a state dict", "save model.state_dict() in Python instead");
    if (name != kPickle && name.ends_with("/data.pkl"))
      fail(fmt::format("byte {}: a second data.pkl, \"{}\"", record.first->header, cut(name)));
  }
}

const ZipEntry& ZipReader::pickle() const {
  const auto found = records_.find(kPickle);
  if (found == records_.end()) fail("a zip file without data.pkl", "this is no file of torch.save");
  const ZipEntry& entry = *found->second.first;
  if (entry.bytes > static_cast<std::uint64_t>(limits_.pickle_bytes))
    fail(fmt::format("byte {}: data.pkl of {} bytes, at most {} (--max-pickle-bytes)", entry.header,
                     entry.bytes, limits_.pickle_bytes));
  return entry;
}

void ZipReader::check_byte_order() const {
  const auto found = records_.find("byteorder");
  if (found == records_.end()) return;
  const ZipEntry& entry = *found->second.first;
  if (entry.bytes > static_cast<std::uint64_t>(limits_.small_record_bytes))
    fail(fmt::format("byte {}: byteorder of {} bytes", entry.header, entry.bytes));
  const std::vector<std::byte> bytes = read_zip_entry(file_, entry);
  const std::string_view order(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (order == "little") return;
  fail(fmt::format("byte {}: byte order \"{}\"", entry.payload, cut(std::string(order))),
       "load it with torch in Python and save it again on a little-endian machine");
}

void ZipReader::place_storages(const PickleMachine& machine) {
  for (std::size_t i = 0; i < machine.storages().size(); ++i) {
    const PickleStorage& declared = machine.storages()[i];
    WeightStorage& storage = contents_.storages[i];
    if (!is_key(declared.key))
      fail(fmt::format("data.pkl: \"{}\" is no storage's key", cut(declared.key)));
    storage.name = "data/" + declared.key;
    const auto found = records_.find(storage.name);
    if (found == records_.end()) fail(fmt::format("the record {} is missing", storage.name));
    auto& [entry, used] = found->second;
    used = true;
    if (entry->bytes != storage.bytes)
      fail(fmt::format("byte {}: {} has {} bytes; the pickle says {} {} values ({} bytes)",
                       entry->header, storage.name, entry->bytes, declared.numel,
                       name_of(declared.type), storage.bytes));
    storage.begin = entry->payload;
    storage.crc = entry->crc;
  }
}

/// Records of other names say nothing that is needed here; large ones are no honest writer's.
void ZipReader::list_ignored() {
  for (const auto& [name, record] : records_) {
    const auto& [entry, used] = record;
    if (used || std::find(kOfTorch.begin(), kOfTorch.end(), name) != kOfTorch.end()) continue;
    if (entry->bytes > static_cast<std::uint64_t>(limits_.small_record_bytes))
      fail(fmt::format("byte {}: the record {} of {} bytes belongs to no tensor", entry->header,
                       cut(name), entry->bytes));
    contents_.report.ignored.push_back(name);
  }
}

}  // namespace

WeightContents parse_zip(const InputFile& file, const WeightLimits& limits) {
  WeightContents contents;
  ZipReader(file, limits, contents).run();
  return contents;
}

}  // namespace intr
