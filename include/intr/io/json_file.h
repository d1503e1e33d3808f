// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace intr {

/// Reads a JSON file. @throws DataError if it is missing or no JSON, naming the byte
nlohmann::ordered_json read_json(const std::string& path);
/// Writes a JSON file with two spaces of indentation and a closing newline, atomically.
void write_json(const std::string& path, const nlohmann::ordered_json& value);
/// A member of an object, converted. @throws DataError naming the file and the member
template <class T>
T json_member(const nlohmann::ordered_json& object, const char* name, const std::string& where);

}  // namespace intr

#include "intr/core/error.h"

template <class T>
T intr::json_member(const nlohmann::ordered_json& object, const char* name,
                    const std::string& where) {
  try {
    return object.at(name).get<T>();
  } catch (const nlohmann::ordered_json::exception& error) {
    throw DataError(std::string("member '") + name + "' is missing or of another type", where,
                    "the file was changed by hand or damaged: make it again");
  }
}
