// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

namespace intr {

/// The options of one program or sub-command. Each option is described once: a field whose
/// initializer is the default, a flag, and one line of help. --help, --version and --config FILE
/// are there by themselves. Unknown options are refused with the nearest match; words that belong
/// to no option are refused unless asked for.
class OptionSet {
 public:
  /// @param usage   what stands behind "Usage:", such as "intr-pack pack SOURCE --out SET
  /// [options]"
  /// @param summary a sentence or two on what the program does; printed above the options
  OptionSet(std::string usage, std::string summary);

  /// Starts a group of options with a title of its own in --help.
  OptionSet& group(const std::string& title);

  /// A field of type std::int64_t, double or std::string: "--flag value". An empty string is shown
  /// as "none".
  template <class T>
    requires(!std::is_same_v<T, bool>)
  OptionSet& add(const char* flag, T& field, const std::string& help) {
    static_assert(std::is_same_v<T, std::int64_t> || std::is_same_v<T, double> ||
                  std::is_same_v<T, std::string>);
    const std::string text = fmt::format("{}", field);
    insert(flag,
           boost::program_options::value<T>(&field)->default_value(field,
                                                                   text.empty() ? "none" : text),
           help);
    rows_.push_back({flag, [&field] { return to_json(field); }});
    return *this;
  }
  /// A switch: "--flag", or "--flag=off". A word behind "--flag" belongs to it only if it is "on",
  /// "off" or the like.
  OptionSet& add(const char* flag, bool& field, const std::string& help);
  /// A repeatable option.
  OptionSet& add(const char* flag, std::vector<std::string>& field, const std::string& help);
  /// Words without a flag, in order; at least `minimum` and at most `maximum` of them.
  OptionSet& positional(const char* name, std::vector<std::string>& field, int minimum, int maximum,
                        const std::string& help);

  /// Fills the fields. Prints and returns false for --help and --version (the program ends with 0).
  /// @param build_facts what --version prints
  /// @throws UsageError for unknown options, missing words and values that do not parse
  bool parse(const std::vector<std::string>& arguments, const std::string& build_facts);

  /// Whether the command line or the configuration file gave this option.
  bool given(const std::string& flag) const;
  /// Every option with its value, in order of description.
  nlohmann::ordered_json values() const;
  /// The whole --help text.
  std::string help() const;

 private:
  struct Row {
    std::string flag;
    std::function<nlohmann::ordered_json()> value;
  };
  static nlohmann::ordered_json to_json(std::int64_t value);
  static nlohmann::ordered_json to_json(double value);
  static nlohmann::ordered_json to_json(const std::string& value);
  void insert(const char* flag, const boost::program_options::value_semantic* semantic,
              const std::string& help);
  boost::program_options::options_description all_options() const;
  std::vector<std::string> with_switches_on(std::vector<std::string> arguments) const;
  [[noreturn]] void refuse_unknown(const std::string& name) const;

  std::string usage_;
  std::string summary_;
  std::deque<boost::program_options::options_description> groups_;
  boost::program_options::variables_map map_;
  std::vector<Row> rows_;
  std::set<std::string> switches_;  ///< flags
  std::string positional_name_;
  std::string positional_help_;
  std::vector<std::string>* positional_ = nullptr;
  int positional_minimum_ = 0;
  int positional_maximum_ = 0;
};

/// The words of a command line after the program's name.
std::vector<std::string> arguments_of(int argc, char** argv, int first = 1);

/// The candidate nearest to a word by edit distance, or "" if none is near.
std::string nearest_match(const std::string& word, const std::vector<std::string>& candidates);

/// Throws UsageError naming the option, its value and the choices, unless value is one of them.
void require_choice(const std::string& flag, const std::string& value,
                    const std::vector<std::string>& choices);
/// Throws UsageError unless minimum <= value <= maximum.
void require_range(const std::string& flag, std::int64_t value, std::int64_t minimum,
                   std::int64_t maximum);
void require_range(const std::string& flag, double value, double minimum, double maximum);
/// Throws UsageError if a needed text option was not given.
void require_given(const std::string& flag, const std::string& value, const std::string& example);

}  // namespace intr
