// SPDX-License-Identifier: Apache-2.0
#include "intr/train/metrics_csv.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

struct Column {
  const char* name;
  Json::json_pointer place;
};

const std::vector<Column>& columns() {
  static const std::vector<Column> all = [] {
    std::vector<Column> list;
    for (const char* name : {"kind", "step", "epoch", "samples", "loss", "lr", "lr_backbone",
                             "norm", "clip", "acc1", "acc5", "images_s"})
      list.push_back({name, Json::json_pointer(fmt::format("/{}", name))});
    list.push_back({"data_ms", Json::json_pointer("/ms/data")});
    list.push_back({"forward_ms", Json::json_pointer("/ms/forward")});
    list.push_back({"backward_ms", Json::json_pointer("/ms/backward")});
    list.push_back({"exposed_ms", Json::json_pointer("/ms/exposed")});
    list.push_back({"optimizer_ms", Json::json_pointer("/ms/optimizer")});
    list.push_back({"checkpoint_ms", Json::json_pointer("/ms/checkpoint")});
    list.push_back({"other_ms", Json::json_pointer("/ms/other")});
    list.push_back({"pad_fraction", Json::json_pointer("/pad_fraction")});
    list.push_back({"time", Json::json_pointer("/time")});
    return list;
  }();
  return all;
}

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  const bool shown = value.is_number() && std::isfinite(value.get<double>());
  return shown ? value.dump() : "";
}

}  // namespace

std::string metrics_csv_header() {
  std::vector<std::string> fields;
  for (const Column& column : columns()) fields.emplace_back(column.name);
  return fmt::format("{}", fmt::join(fields, ","));
}

std::string metrics_csv_line(const Json& record) {
  std::vector<std::string> fields;
  for (const Column& column : columns())
    fields.push_back(record.contains(column.place) ? text_of(record.at(column.place)) : "");
  return fmt::format("{}", fmt::join(fields, ","));
}

}  // namespace intr
