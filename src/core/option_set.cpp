// SPDX-License-Identifier: Apache-2.0
#include "intr/core/option_set.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "intr/core/error.h"

namespace intr {

namespace po = boost::program_options;

namespace {

constexpr unsigned kLineLength = 110;

std::int64_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::int64_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::int64_t diagonal = row[0];
    row[0] = static_cast<std::int64_t>(i) + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::int64_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

/// "out" of "out,o".
std::string long_name(const std::string& flag) { return flag.substr(0, flag.find(',')); }

std::string dashes_off(const std::string& name) {
  return name.substr(std::min(name.find_first_not_of('-'), name.size()));
}

}  // namespace

OptionSet::OptionSet(std::string usage, std::string summary)
    : usage_(std::move(usage)), summary_(std::move(summary)) {
  groups_.emplace_back("General", kLineLength);
  groups_.back().add_options()("help,h", "print this text and leave")(
      "version", "print the version and what it was built with, and leave")(
      "config", po::value<std::string>(),
      "file of 'name = value' lines with the same names; the command line wins");
}

OptionSet& OptionSet::group(const std::string& title) {
  groups_.emplace_back(title, kLineLength);
  return *this;
}

OptionSet& OptionSet::add(const char* flag, bool& field, const std::string& help) {
  insert(flag,
         po::value<bool>(&field)
             ->default_value(field, field ? "on" : "off")
             ->implicit_value(true, "on"),
         help);
  rows_.push_back({flag, [&field] { return nlohmann::ordered_json(field); }});
  switches_.insert(flag);
  return *this;
}

OptionSet& OptionSet::add(const char* flag, std::vector<std::string>& field,
                          const std::string& help) {
  insert(flag, po::value<std::vector<std::string>>(&field)->composing(), help + " (repeatable)");
  rows_.push_back({flag, [&field] { return nlohmann::ordered_json(field); }});
  return *this;
}

OptionSet& OptionSet::positional(const char* name, std::vector<std::string>& field, int minimum,
                                 int maximum, const std::string& help) {
  positional_name_ = name;
  positional_help_ = help;
  positional_ = &field;
  positional_minimum_ = minimum;
  positional_maximum_ = maximum;
  return *this;
}

void OptionSet::insert(const char* flag, const po::value_semantic* semantic,
                       const std::string& help) {
  groups_.back().add_options()(flag, semantic, help.c_str());
}

nlohmann::ordered_json OptionSet::to_json(std::int64_t value) { return value; }
nlohmann::ordered_json OptionSet::to_json(double value) { return value; }
nlohmann::ordered_json OptionSet::to_json(const std::string& value) { return value; }

po::options_description OptionSet::all_options() const {
  po::options_description all(kLineLength);
  for (const po::options_description& group : groups_) all.add(group);
  return all;
}

/// "--flag" of a switch becomes "--flag=on" where the next word is no answer: Boost would take any
/// word, such as a file's name, for the switch's value.
std::vector<std::string> OptionSet::with_switches_on(std::vector<std::string> arguments) const {
  static const std::set<std::string> kAnswers = {"on", "off", "yes",  "no",
                                                 "1",  "0",   "true", "false"};
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    if (!arguments[i].starts_with("--") || !switches_.contains(arguments[i].substr(2))) continue;
    if (i + 1 == arguments.size() || !kAnswers.contains(arguments[i + 1])) arguments[i] += "=on";
  }
  return arguments;
}

void OptionSet::refuse_unknown(const std::string& name) const {
  std::vector<std::string> flags = {"help", "version", "config"};
  for (const Row& row : rows_) flags.push_back(long_name(row.flag));
  const std::string near = nearest_match(dashes_off(name), flags);
  throw UsageError("unknown option", "--" + dashes_off(name),
                   near.empty() ? "--help lists the options"
                                : fmt::format("did you mean --{}? --help lists all", near));
}

bool OptionSet::parse(const std::vector<std::string>& arguments, const std::string& build_facts) {
  po::options_description all = all_options();
  po::positional_options_description words;
  if (positional_ != nullptr) {
    all.add_options()("positional-words", po::value<std::vector<std::string>>(positional_));
    words.add("positional-words", -1);
  }
  constexpr int kStyle =
      po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
  try {
    po::store(po::command_line_parser(with_switches_on(arguments))
                  .options(all)
                  .positional(words)
                  .style(kStyle)
                  .run(),
              map_);
    if (map_.count("help") != 0) {
      fmt::print("{}", help());
      return false;
    }
    if (map_.count("version") != 0) {
      fmt::print("{}", build_facts);
      return false;
    }
    if (map_.count("config") != 0) {
      const std::string path = map_["config"].as<std::string>();
      std::ifstream file(path);
      if (!file)
        throw UsageError("cannot read the configuration file", path,
                         "check the path given to --config");
      po::store(po::parse_config_file(file, all), map_);
    }
    po::notify(map_);
  } catch (const po::unknown_option& error) {
    refuse_unknown(error.get_option_name());
  } catch (const po::too_many_positional_options_error&) {
    throw UsageError("a word that belongs to no option", usage_,
                     "see --help; values with spaces need quotes");
  } catch (const po::error& error) {
    throw UsageError(error.what(), {}, "--help lists the options and their values");
  }
  const auto count = static_cast<int>(positional_ != nullptr ? positional_->size() : 0);
  if (count < positional_minimum_ || count > positional_maximum_) {
    throw UsageError(fmt::format("{} expected, {} given", positional_name_, count), usage_,
                     "see --help");
  }
  return true;
}

bool OptionSet::given(const std::string& flag) const {
  return map_.count(flag) != 0 && !map_[flag].defaulted();
}

nlohmann::ordered_json OptionSet::values() const {
  auto values = nlohmann::ordered_json::object();
  for (const Row& row : rows_) values[long_name(row.flag)] = row.value();
  return values;
}

std::string OptionSet::help() const {
  std::ostringstream text;
  text << "Usage: " << usage_ << "\n\n" << summary_ << "\n";
  if (positional_ != nullptr)
    text << "\n  " << positional_name_ << "  " << positional_help_ << "\n";
  for (auto group = groups_.begin() + 1; group != groups_.end(); ++group) text << "\n" << *group;
  text << "\n" << groups_.front();
  return text.str();
}

std::vector<std::string> arguments_of(int argc, char** argv, int first) {
  return first < argc ? std::vector<std::string>(argv + first, argv + argc)
                      : std::vector<std::string>();
}

std::string nearest_match(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::int64_t best_distance =
      std::max<std::int64_t>(3, static_cast<std::int64_t>(word.size()) / 3 + 1);
  for (const std::string& candidate : candidates) {
    const std::int64_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

void require_choice(const std::string& flag, const std::string& value,
                    const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return;
  const std::string near = nearest_match(value, choices);
  throw UsageError(fmt::format("'{}' is none of: {}", value, fmt::join(choices, ", ")), "--" + flag,
                   near.empty() ? "" : fmt::format("did you mean {}?", near));
}

void require_range(const std::string& flag, std::int64_t value, std::int64_t minimum,
                   std::int64_t maximum) {
  if (value >= minimum && value <= maximum) return;
  throw UsageError(fmt::format("{} is not within {} to {}", value, minimum, maximum), "--" + flag);
}

void require_range(const std::string& flag, double value, double minimum, double maximum) {
  if (value >= minimum && value <= maximum) return;
  throw UsageError(fmt::format("{} is not within {} to {}", value, minimum, maximum), "--" + flag);
}

void require_given(const std::string& flag, const std::string& value, const std::string& example) {
  if (value.empty())
    throw UsageError("must be given", "--" + flag, fmt::format("add --{} {}", flag, example));
}

}  // namespace intr
