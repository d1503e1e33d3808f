// SPDX-License-Identifier: Apache-2.0
#include "intr/train/fault_plan.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <map>
#include <sstream>

#include "intr/core/error.h"
#include "intr/core/option_set.h"

namespace intr {
namespace {

using Kind = Fault::Kind;
constexpr const char* kOption = "--inject";
constexpr std::int64_t kMany = std::int64_t{1} << 40;

struct KindRow {
  const char* word;
  Kind kind;
  std::vector<const char*> keys;
  std::vector<const char*> needed;
};

const std::vector<KindRow>& kinds() {
  static const std::vector<KindRow> rows = {
      {"kill", Kind::kKill, {"rank", "step"}, {"step"}},
      {"segv", Kind::kSegv, {"rank", "step"}, {"step"}},
      {"hang", Kind::kHang, {"rank", "step"}, {"step"}},
      {"exit", Kind::kExit, {"rank", "step", "code"}, {"step"}},
      {"slow", Kind::kSlow, {"rank", "ms", "from", "to"}, {"ms"}},
      {"delay", Kind::kDelay, {"ms", "jitter", "mbps"}, {}},
      {"nan", Kind::kNan, {"rank", "step", "count"}, {"step"}},
      {"flip", Kind::kFlip, {"rank", "step", "index", "bit"}, {"step"}},
      {"signal", Kind::kSignal, {"rank", "step", "sig", "count"}, {"step"}},
      {"save", Kind::kSave, {"stage", "action"}, {"stage"}},
      {"read", Kind::kRead, {"rank", "sample", "action"}, {"sample"}},
  };
  return rows;
}

std::int64_t whole(const std::string& key, const std::string& value, std::int64_t least,
                   std::int64_t most) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || number < least || number > most)
    throw UsageError(fmt::format("{}={} is no whole number from {} to {}", key, value, least, most),
                     kOption);
  return number;
}

double real(const std::string& key, const std::string& value) {
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  if (value.empty() || *end != '\0' || !(number >= 0) || number > 1e12)
    throw UsageError(fmt::format("{}={} is no number of at least 0", key, value), kOption);
  return number;
}

template <class Value>
Value chosen(const std::string& key, const std::string& value,
             const std::map<std::string, Value>& choices) {
  const auto found = choices.find(value);
  if (found != choices.end()) return found->second;
  std::vector<std::string> words;
  for (const auto& [word, unused] : choices) words.push_back(word);
  throw UsageError(fmt::format("{}={} is not one of {}", key, value, fmt::join(words, ", ")),
                   kOption);
}

void set(Fault& fault, const std::string& key, const std::string& value) {
  const std::map<std::string, std::function<void()>> keys = {
      {"rank", [&] { fault.rank = whole(key, value, 0, 1'000'000); }},
      {"step", [&] { fault.step = whole(key, value, 1, kMany); }},
      {"from", [&] { fault.from = whole(key, value, 0, kMany); }},
      {"to", [&] { fault.to = whole(key, value, 0, kMany); }},
      {"count", [&] { fault.count = whole(key, value, 1, 1'000'000); }},
      {"code", [&] { fault.code = whole(key, value, 0, 255); }},
      {"index", [&] { fault.index = whole(key, value, 0, kMany); }},
      {"bit", [&] { fault.bit = whole(key, value, 0, 31); }},
      {"sample", [&] { fault.sample = whole(key, value, 0, kMany); }},
      {"ms", [&] { fault.ms = real(key, value); }},
      {"jitter", [&] { fault.jitter_ms = real(key, value); }},
      {"mbps", [&] { fault.megabits_s = real(key, value); }},
      {"stage", [&] { fault.stage = parse_save_stage(value); }},
      {"sig",
       [&] {
         fault.signal = chosen<int>(
             key, value,
             {{"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"TERM", SIGTERM}, {"INT", SIGINT}});
       }},
      {"action",
       [&] {
         fault.action = chosen<FaultAction>(key, value,
                                            {{"kill", FaultAction::kKill},
                                             {"enospc", FaultAction::kEnospc},
                                             {"eio", FaultAction::kEio},
                                             {"flip", FaultAction::kFlip}});
       }},
      {"attempt",
       [&] {
         fault.every_attempt = chosen<bool>(key, value, {{"first", false}, {"any", true}});
       }},
  };
  keys.at(key)();
}

const KindRow& row_of(const std::string& word) {
  std::vector<std::string> words;
  for (const KindRow& row : kinds()) {
    if (word == row.word) return row;
    words.emplace_back(row.word);
  }
  const std::string nearest = nearest_match(word, words);
  throw UsageError(fmt::format("'{}' is no kind of fault", word), kOption,
                   nearest.empty() ? fmt::format("give one of {}", fmt::join(words, ", "))
                                   : fmt::format("did you mean '{}'?", nearest));
}

std::vector<std::string> parts_of(const std::string& text, char between) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, between);) parts.push_back(part);
  return parts;
}

}  // namespace

Fault parse_fault(const std::string& text) {
  const std::size_t colon = text.find(':');
  const KindRow& row = row_of(text.substr(0, colon));
  Fault fault;
  fault.kind = row.kind;
  fault.text = text;
  fault.signal = SIGUSR2;
  if (fault.kind == Kind::kRead) fault.action = FaultAction::kEio;
  std::vector<std::string> seen;
  const std::string rest = colon == std::string::npos ? "" : text.substr(colon + 1);
  for (const std::string& pair : parts_of(rest, ',')) {
    const std::size_t equals = pair.find('=');
    const std::string key = pair.substr(0, equals);
    const auto is_key = [&key](const char* known) { return key == known; };
    const bool known = key == "attempt" || std::any_of(row.keys.begin(), row.keys.end(), is_key);
    if (!known || equals == std::string::npos)
      throw UsageError(fmt::format("'{}' is no key=value of '{}'", pair, row.word), kOption,
                       fmt::format("its keys are {}, attempt", fmt::join(row.keys, ", ")));
    set(fault, key, pair.substr(equals + 1));
    seen.push_back(key);
  }
  for (const char* key : row.needed) {
    if (std::find(seen.begin(), seen.end(), key) == seen.end())
      throw UsageError(fmt::format("'{}' lacks {}=…", text, key), kOption);
  }
  if (fault.kind == Kind::kSave && fault.action == FaultAction::kFlip &&
      fault.stage <= SaveStage::kCreate)
    throw UsageError(fmt::format("at {} there is no file yet", name_of(fault.stage)), kOption,
                     "give a later stage, from meta on");
  if (fault.kind == Kind::kRead && fault.action == FaultAction::kEnospc)
    throw UsageError("reading never ends with enospc", kOption, "give action=kill, eio or flip");
  return fault;
}

std::vector<Fault> parse_faults(const std::vector<std::string>& given) {
  std::vector<Fault> faults;
  for (const std::string& text : given) faults.push_back(parse_fault(text));
  const char* environment = std::getenv("INTR_INJECT");
  for (const std::string& text : parts_of(environment == nullptr ? "" : environment, ';'))
    if (!text.empty()) faults.push_back(parse_fault(text));
  return faults;
}

}  // namespace intr
