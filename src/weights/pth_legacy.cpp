// SPDX-License-Identifier: Apache-2.0
// The stream that torch.save wrote before 1.6: five pickles, then each storage's count and bytes.
#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <set>

#include "file_advice.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "pth_contents.h"

namespace intr {
namespace {

constexpr std::uint64_t kMagicBytes = 15;  ///< the first pickle; weight_format has compared it
constexpr std::uint64_t kCountBytes = 8;
constexpr std::int64_t kStreamVersion = 1001;

class LegacyReader {
 public:
  LegacyReader(const InputFile& file, const WeightLimits& limits, WeightContents& contents)
      : file_(file),
        contents_(contents),
        limits_(limits),
        machine_(contents.tree, limits, PickleMachine::Form::legacy),
        source_(file, kMagicBytes, limits) {}

  void run() {
    read_version();
    read_system();
    const Value::Node top = machine_.run(source_);
    const std::vector<std::string> keys = read_keys();
    take_pickled(machine_, top, limits_, file_.path(), contents_);
    place_storages(keys);
    check_budget(contents_.entries, limits_, file_.path());
  }

 private:
  [[noreturn]] void fail(std::uint64_t byte, const std::string& what,
                         const char* next = kDamaged) const {
    throw DataError(fmt::format("byte {}: {}", byte, what), file_.path(), next);
  }
  void read_version();
  void read_system();
  std::vector<std::string> read_keys();
  void place_storages(const std::vector<std::string>& keys);

  const InputFile& file_;
  WeightContents& contents_;
  const WeightLimits& limits_;
  PickleMachine machine_;
  PickleSource source_;
};

void LegacyReader::read_version() {
  const std::uint64_t begin = source_.position();
  const Value version = contents_.tree.value(machine_.run(source_));
  if (version.kind() != Value::Kind::integer || version.as_integer() != kStreamVersion)
    fail(begin,
         fmt::format("stream version {}, this reader knows {}", shown(version), kStreamVersion));
}

void LegacyReader::read_system() {
  const std::uint64_t begin = source_.position();
  const Value system = contents_.tree.value(machine_.run(source_));
  const auto version = system.find("protocol_version");
  const auto little = system.find("little_endian");
  if (!version || version->kind() != Value::Kind::integer ||
      version->as_integer() != kStreamVersion || !little || little->kind() != Value::Kind::boolean)
    fail(begin, "no description of the machine that wrote it");
  if (!little->as_boolean())
    fail(begin, "written on a big-endian machine",
         "load it there and save it again, or convert it with torch in Python");
}

std::vector<std::string> LegacyReader::read_keys() {
  const std::uint64_t begin = source_.position();
  const Value list = contents_.tree.value(machine_.run(source_));
  if (list.kind() != Value::Kind::list) fail(begin, "no list of storages");
  std::vector<std::string> keys;
  list.for_each([&](const Value&, const Value& key) {
    if (key.kind() != Value::Kind::text) fail(begin, "a storage's key that is no text");
    keys.emplace_back(key.as_text());
  });
  return keys;
}

/// Compares the list of storages with those of the object, and their sizes with the file's.
void LegacyReader::place_storages(const std::vector<std::string>& keys) {
  const std::uint64_t begin = source_.position();
  std::map<std::string, std::size_t> numbers;
  for (std::size_t i = 0; i < machine_.storages().size(); ++i)
    numbers.emplace(machine_.storages()[i].key, i);
  std::set<std::string> placed;
  std::uint64_t at = begin;
  std::optional<std::size_t> cut_in;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto found = numbers.find(keys[i]);
    if (found == numbers.end() || !placed.insert(keys[i]).second)
      fail(begin, fmt::format("storage \"{}\" is listed {}", printable(keys[i].substr(0, 120)),
                              found == numbers.end() ? "but belongs to no tensor" : "twice"));
    WeightStorage& storage = contents_.storages[found->second];
    storage.name = fmt::format("storage {} of {}", i + 1, keys.size());
    storage.begin = at + kCountBytes;
    if (__builtin_add_overflow(storage.begin, storage.bytes, &at))
      fail(begin, storage.name + " is larger than any file");
    if (at > file_.size() && !cut_in) cut_in = i;
  }
  if (placed.size() != numbers.size())
    fail(begin,
         fmt::format("{} storages are listed, tensors need {}", placed.size(), numbers.size()));
  if (cut_in)
    fail(file_.size(),
         fmt::format("ends {} bytes early, in storage {} of {}", at - file_.size(), *cut_in + 1,
                     keys.size()),
         kCut);
  if (at != file_.size())
    fail(at, fmt::format("{} bytes behind the last storage", file_.size() - at));
  for (const PickleStorage& storage : machine_.storages()) {
    const WeightStorage& place = contents_.storages[numbers.at(storage.key)];
    std::array<std::int64_t, 1> count = {};
    file_.read(place.begin - kCountBytes, std::as_writable_bytes(std::span(count)));
    if (count[0] != storage.numel)
      fail(place.begin - kCountBytes, fmt::format("{} has {} values, the pickle says {}",
                                                  place.name, count[0], storage.numel));
  }
}

}  // namespace

WeightContents parse_legacy(const InputFile& file, const WeightLimits& limits) {
  WeightContents contents;
  LegacyReader(file, limits, contents).run();
  return contents;
}

}  // namespace intr
