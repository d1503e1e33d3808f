// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <string_view>

#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/core/printable.h"
#include "intr/core/version.h"
#include "intr/data/shard_reader.h"
#include "intr/io/atomic_file.h"
#include "preprocess/pack_commands.h"
#include "preprocess/sample_facts.h"
#include "preprocess/set_lookup.h"
#include "preprocess/standard_output.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSummary =
    "Shows everything that a packed data set knows of one sample, annotations included.\n\n"
    "For example, what is sample 12, and its picture as it was packed:\n\n"
    "  intr-pack show SET --split val --sample 12\n"
    "  intr-pack show SET --split val --sample crow/12.jpg --image crow.jpg";

std::string text_of(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::vector<std::string> words;
  for (const Json& item : value) words.push_back(text_of(item));
  return words.empty() ? "-" : fmt::format("{}", fmt::join(words, ", "));
}

void print(const Json& sample) {
  for (const auto& [name, value] : sample.items()) {
    if (name == "parts" && value.is_array()) {
      for (const Json& part : value)
        fmt::print("part           {}: {}, {}, {}\n", text_of(part["part"]), text_of(part["x"]),
                   text_of(part["y"]), part["visible"].get<bool>() ? "visible" : "not visible");
    } else if (name == "box" && value.is_object()) {
      fmt::print("box            x {}, y {}, width {}, height {}\n", text_of(value["x"]),
                 text_of(value["y"]), text_of(value["width"]), text_of(value["height"]));
    } else {
      fmt::print("{:<14} {}\n", name, text_of(value));
    }
  }
}

}  // namespace

ExitCode show_command(const std::vector<std::string>& arguments, const CommandContext&) {
  std::vector<std::string> sets;
  std::string split, sample, image;
  bool json = false;
  OptionSet set("intr-pack show SET --split S --sample ID|PATH [options]", kSummary);
  set.positional("SET", sets, 1, 1, "folder that intr-pack wrote");
  set.group("Show")
      .add("split", split, "split of the sample; not needed if there is one only")
      .add("sample", sample, "its id, or its path below the split's folder")
      .add("image", image, "write the stored picture to this file, byte for byte")
      .add("json", json, "print a JSON object");
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  require_given("sample", sample, "12");
  const DataIndex index =
      DataIndex::open(sets.front(), find_split(Manifest::read(sets.front()), split));
  const std::int64_t row = find_row(index, sample);
  if (!image.empty()) {
    const std::vector<std::byte> bytes = ShardReader(index).read(row);
    write_file(image, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    log::info("{}: {} bytes of {}", printable(image), bytes.size(), codec_word(index.codec(row)));
  }
  const Json columns = sample_columns_json(index, row);
  if (json)
    fmt::print("{}\n", columns.dump(2));
  else
    print(columns);
  flush_output();
  return ExitCode::kDone;
}

}  // namespace intr
