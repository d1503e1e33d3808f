// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

#include "weights/pickle_bytes.h"

namespace intr::test {

/// An entry of a zip file, and what its headers claim.
struct ZipEntry {
  std::string name;
  std::string content = {};      ///< as it lies in the file
  std::uint16_t method = 0;      ///< 0 stored, 8 deflated
  std::uint32_t plain_size = 0;  ///< of method 8: its length when inflated
  std::uint32_t plain_crc = 0;   ///< of method 8
};

inline std::uint32_t crc32_of(const std::string& bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

/// A zip file as an ordinary zip program writes it; with zip64 end records where the number of
/// entries needs them. @param comment stands at its end
inline std::string zip_bytes(const std::vector<ZipEntry>& entries,
                             const std::string& comment = {}) {
  std::string file;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    const bool stored = entry.method == 0;
    const std::size_t plain = stored ? entry.content.size() : entry.plain_size;
    const std::uint32_t crc = stored ? crc32_of(entry.content) : entry.plain_crc;
    // flags, method, time, date (1 January 1980), CRC, sizes, lengths of name and extra field
    const std::string common = little_endian(0, 2) + little_endian(entry.method, 2) +
                               little_endian(0, 2) + little_endian(33, 2) + little_endian(crc, 4) +
                               little_endian(entry.content.size(), 4) + little_endian(plain, 4) +
                               little_endian(entry.name.size(), 2) + little_endian(0, 2);
    directory += "PK\x01\x02" + little_endian(20, 2) + little_endian(20, 2) + common +
                 little_endian(0, 10) + little_endian(file.size(), 4) + entry.name;
    file += "PK\x03\x04" + little_endian(20, 2) + common + entry.name + entry.content;
  }
  const std::uint64_t begin = file.size();
  const std::uint64_t count = entries.size();
  file += directory;
  if (count >= 0xffff) {
    const std::uint64_t at = file.size();
    file += "PK\x06\x06" + little_endian(44, 8) + little_endian(45, 2) + little_endian(45, 2) +
            little_endian(0, 8) + little_endian(count, 8) + little_endian(count, 8) +
            little_endian(directory.size(), 8) + little_endian(begin, 8);
    file += "PK\x06\x07" + little_endian(0, 4) + little_endian(at, 8) + little_endian(1, 4);
  }
  const std::uint64_t shown = count >= 0xffff ? 0xffff : count;
  return file + "PK\x05\x06" + little_endian(0, 4) + little_endian(shown, 2) +
         little_endian(shown, 2) + little_endian(directory.size(), 4) + little_endian(begin, 4) +
         little_endian(comment.size(), 2) + comment;
}

/// A torch zip file. @param storages data/0, data/1, … @param more entries at its end
inline std::string torch_zip(const std::string& pickle,
                             const std::vector<std::string>& storages = {},
                             const std::vector<ZipEntry>& more = {}) {
  std::vector<ZipEntry> entries = {{"archive/data.pkl", pickle}, {"archive/byteorder", "little"}};
  for (const std::string& storage : storages)
    entries.push_back({"archive/data/" + std::to_string(entries.size() - 2), storage});
  entries.push_back({"archive/version", "3\n"});
  entries.insert(entries.end(), more.begin(), more.end());
  return zip_bytes(entries);
}

/// The first three pickles of a legacy torch stream: magic, protocol, system.
inline std::string legacy_head() {
  const std::string magic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e", 15);
  PickleBytes sizes;
  sizes.raw("}(").text("short").integer(2).text("int").integer(4).text("long").integer(4).raw("u");
  const std::string inner = sizes.done();
  PickleBytes system;
  system.raw("}(").text("protocol_version").integer(1001).text("little_endian").raw("\x88");
  system.text("type_sizes").raw(inner.substr(2, inner.size() - 3)).raw("u");
  return magic + PickleBytes().integer(1001).done() + system.done();
}

/// A legacy torch stream of one storage "0" of 4-byte values; none if `data` is empty.
inline std::string torch_legacy(const std::string& pickle, const std::string& data = {}) {
  PickleBytes keys;
  keys.raw("]");
  if (!data.empty()) keys.text("0").raw("a");
  const std::string storage = data.empty() ? "" : little_endian(data.size() / 4, 8) + data;
  return legacy_head() + pickle + keys.done() + storage;
}

}  // namespace intr::test
