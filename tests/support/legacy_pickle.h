// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace intr::test {

/// Pieces of a pickle (protocol 2), by hand.
inline std::string little_endian(std::uint64_t number, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i) & 0xFF);
  return text;
}
inline std::string pickle_integer(std::int32_t number) {
  return "J" + little_endian(static_cast<std::uint32_t>(number), 4);
}
inline std::string pickle_truth(bool truth) { return truth ? "\x88" : "\x89"; }
inline std::string pickle_text(const std::string& text) {
  return "X" + little_endian(text.size(), 4) + text;
}
inline std::string pickle_list(const std::vector<std::string>& items) {
  std::string list = "](";
  for (const std::string& item : items) list += item;
  return list + "e";
}
inline std::string pickle_dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string dict = "}(";
  for (const auto& [key, item] : items) dict += pickle_text(key) + item;
  return dict + "u";
}
inline std::string whole_pickle(const std::string& object) { return "\x80\x02" + object + "."; }

/// A legacy torch stream without tensors that holds one object.
inline void write_legacy_pickle(const std::string& path, const std::string& object) {
  const std::string sizes = pickle_dict(
      {{"short", pickle_integer(2)}, {"int", pickle_integer(4)}, {"long", pickle_integer(4)}});
  std::ofstream file(path, std::ios::binary);
  file << whole_pickle("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")
       << whole_pickle("M" + little_endian(1001, 2))
       << whole_pickle(pickle_dict({{"protocol_version", pickle_integer(1001)},
                                    {"little_endian", pickle_truth(true)},
                                    {"type_sizes", sizes}}))
       << whole_pickle(object) << whole_pickle("]");
}

}  // namespace intr::test
