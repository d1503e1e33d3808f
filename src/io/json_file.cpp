// SPDX-License-Identifier: Apache-2.0
#include "intr/io/json_file.h"

#include "intr/io/atomic_file.h"

namespace intr {

nlohmann::ordered_json read_json(const std::string& path) {
  const std::string text = read_file(path);
  try {
    return nlohmann::ordered_json::parse(text);
  } catch (const nlohmann::ordered_json::parse_error& error) {
    throw DataError("no JSON at byte " + std::to_string(error.byte), path,
                    "make the file again or copy it again");
  } catch (const nlohmann::ordered_json::exception& error) {  // such as a number of 400 digits
    throw DataError(std::string("cannot be taken as JSON: ") + error.what(), path,
                    "make the file again or copy it again");
  }
}

void write_json(const std::string& path, const nlohmann::ordered_json& value) {
  write_file(path, value.dump(2) + "\n");
}

}  // namespace intr
