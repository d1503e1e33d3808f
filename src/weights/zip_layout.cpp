// SPDX-License-Identifier: Apache-2.0
#include "zip_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <string_view>

#include "crc32.h"
#include "file_advice.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"

namespace intr {
namespace {

constexpr std::uint32_t kLocalMagic = 0x04034b50, kCentralMagic = 0x02014b50,
                        kEndMagic = 0x06054b50, kEnd64Magic = 0x06064b50,
                        kLocatorMagic = 0x07064b50;
constexpr std::uint64_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22, kEnd64Bytes = 56,
                        kLocatorBytes = 20, kLongestComment = 65'535;
constexpr std::uint64_t kLongestName = 1024;  ///< torch needs about 40
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;
constexpr std::uint16_t kExtra64 = 1;

/// Little-endian numbers of a piece of the file, at most as many as it has.
class Piece {
 public:
  Piece(std::span<const std::byte> bytes, std::uint64_t begin) : bytes_(bytes), begin_(begin) {}
  template <class T>
  T at(std::uint64_t place) const {
    T value = 0;
    std::memcpy(&value, bytes_.data() + place, sizeof(T));
    return value;
  }
  std::uint64_t begin() const { return begin_; }
  std::uint64_t size() const { return bytes_.size(); }
  Piece part(std::uint64_t place, std::uint64_t count) const {
    return {bytes_.subspan(place, count), begin_ + place};
  }
  std::string text() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

 private:
  std::span<const std::byte> bytes_;
  std::uint64_t begin_;
};

std::string quoted(const std::string& name) {
  return fmt::format("\"{}\"", printable(name.substr(0, 120)));
}

/// What the end records say of the directory.
struct Directory {
  std::uint64_t begin = 0, bytes = 0, entries = 0;
  std::uint64_t end_record = 0;  ///< byte of the first end record, where the directory must end
};

class Scan {
 public:
  Scan(const InputFile& file, const WeightLimits& limits)
      : file_(file), limits_(limits), size_(file.size()) {}

  std::vector<ZipEntry> run() {
    const Directory directory = find_directory();
    read_directory(directory);
    read_local_headers(directory.begin);
    return std::move(entries_);
  }

 private:
  [[noreturn]] void fail(std::uint64_t byte, const std::string& what,
                         const char* next = kDamaged) const {
    throw DataError(fmt::format("byte {}: {}", byte, what), file_.path(), next);
  }
  std::vector<std::byte> bytes(std::uint64_t begin, std::uint64_t count) const {
    if (begin > size_ || count > size_ - begin)
      fail(begin, fmt::format("{} bytes are needed, the file ends at byte {}", count, size_), kCut);
    std::vector<std::byte> read(count);
    file_.read(begin, read);
    return read;
  }
  Directory find_directory() const;
  Directory read_end64(std::uint64_t end, Directory directory) const;
  void read_directory(const Directory& directory);
  ZipEntry central_entry(const Piece& header) const;
  void read_extra64(const Piece& extra, const Piece& header, ZipEntry& entry) const;
  void check_name(const ZipEntry& entry, std::uint64_t byte) const;
  void read_local_headers(std::uint64_t directory_begin);
  void read_local_header(ZipEntry& entry) const;

  const InputFile& file_;
  const WeightLimits& limits_;
  std::uint64_t size_;
  std::vector<ZipEntry> entries_;
};

/// The end record is the last thing in the file, but for a comment of its stated length.
Directory Scan::find_directory() const {
  const std::uint64_t tail = std::min(size_, kEndBytes + kLongestComment);
  const std::vector<std::byte> last = bytes(size_ - tail, tail);
  const Piece piece(last, size_ - tail);
  for (std::uint64_t back = kEndBytes; back <= tail; ++back) {
    const Piece record = piece.part(tail - back, back);
    if (record.at<std::uint32_t>(0) != kEndMagic ||
        record.at<std::uint16_t>(20) != back - kEndBytes)
      continue;
    if (record.at<std::uint16_t>(4) != 0 || record.at<std::uint16_t>(6) != 0)
      fail(record.begin(), "a zip file in several parts");
    if (record.at<std::uint16_t>(8) != record.at<std::uint16_t>(10))
      fail(record.begin(), "two different numbers of entries");
    return read_end64(record.begin(), {.begin = record.at<std::uint32_t>(16),
                                       .bytes = record.at<std::uint32_t>(12),
                                       .entries = record.at<std::uint16_t>(10),
                                       .end_record = record.begin()});
  }
  fail(size_, "no end record of a zip file", kCut);
}

/// Follows the locator to the 64-bit end record, if there is one.
Directory Scan::read_end64(std::uint64_t end, Directory directory) const {
  if (end < kLocatorBytes) return directory;
  const std::vector<std::byte> locator_bytes = bytes(end - kLocatorBytes, kLocatorBytes);
  const Piece locator(locator_bytes, end - kLocatorBytes);
  if (locator.at<std::uint32_t>(0) != kLocatorMagic) return directory;
  const auto place = locator.at<std::uint64_t>(8);
  if (end < kLocatorBytes + kEnd64Bytes || place > end - kLocatorBytes - kEnd64Bytes)
    fail(locator.begin(), fmt::format("the 64-bit end record would be at byte {}", place));
  const std::vector<std::byte> record_bytes = bytes(place, kEnd64Bytes);
  const Piece record(record_bytes, place);
  if (record.at<std::uint32_t>(0) != kEnd64Magic) fail(place, "no 64-bit end record");
  if (record.at<std::uint64_t>(24) != record.at<std::uint64_t>(32))
    fail(place, "two different numbers of entries");
  const Directory large{.begin = record.at<std::uint64_t>(48),
                        .bytes = record.at<std::uint64_t>(40),
                        .entries = record.at<std::uint64_t>(32),
                        .end_record = place};
  const bool agree = (directory.entries == 0xFFFF || directory.entries == large.entries) &&
                     (directory.bytes == kIn64 || directory.bytes == large.bytes) &&
                     (directory.begin == kIn64 || directory.begin == large.begin);
  if (!agree) fail(place, "the 64-bit end record contradicts the short one");
  return large;
}

void Scan::read_directory(const Directory& directory) {
  if (directory.entries > static_cast<std::uint64_t>(limits_.zip_entries))
    fail(directory.end_record, fmt::format("{} entries, at most {} (--max-zip-entries)",
                                           directory.entries, limits_.zip_entries));
  if (directory.bytes > static_cast<std::uint64_t>(limits_.zip_directory_bytes))
    fail(directory.end_record, fmt::format("a directory of {} bytes, at most {}", directory.bytes,
                                           limits_.zip_directory_bytes));
  if (directory.begin > directory.end_record ||
      directory.bytes != directory.end_record - directory.begin)
    fail(
        directory.end_record,
        fmt::format("a directory of {} bytes from byte {} does not end where the end record begins",
                    directory.bytes, directory.begin));
  const std::vector<std::byte> all = bytes(directory.begin, directory.bytes);
  const Piece piece(all, directory.begin);
  std::set<std::string> names;
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    if (piece.size() - at < kCentralBytes)
      fail(piece.begin() + at,
           fmt::format("the directory ends in entry {} of {}", i, directory.entries));
    const Piece fixed = piece.part(at, kCentralBytes);
    const std::uint64_t length = kCentralBytes + fixed.at<std::uint16_t>(28) +
                                 fixed.at<std::uint16_t>(30) + fixed.at<std::uint16_t>(32);
    if (fixed.at<std::uint32_t>(0) != kCentralMagic || length > piece.size() - at)
      fail(piece.begin() + at, fmt::format("entry {} of the directory is none", i));
    entries_.push_back(central_entry(piece.part(at, length)));
    if (!names.insert(entries_.back().name).second)
      fail(piece.begin() + at,
           fmt::format("two entries are named {}", quoted(entries_.back().name)));
    at += length;
  }
  if (at != piece.size())
    fail(piece.begin() + at,
         fmt::format("{} bytes behind the last entry of the directory", piece.size() - at));
}

ZipEntry Scan::central_entry(const Piece& header) const {
  const auto name_bytes = header.at<std::uint16_t>(28);
  ZipEntry entry{.name = header.part(kCentralBytes, name_bytes).text(),
                 .header = header.at<std::uint32_t>(42),
                 .bytes = header.at<std::uint32_t>(24),
                 .crc = header.at<std::uint32_t>(16)};
  check_name(entry, header.begin());
  if ((header.at<std::uint16_t>(8) & 1U) != 0)
    fail(header.begin(), fmt::format("{} is encrypted", quoted(entry.name)));
  if (header.at<std::uint16_t>(10) != 0 && entry.name.find("/code/") != std::string::npos)
    fail(header.begin(), "a TorchScript program, not a state dict",
         "save model.state_dict() in Python instead");
  if (header.at<std::uint16_t>(10) != 0)
    fail(header.begin(),
         fmt::format("{} is compressed (method {})", quoted(entry.name),
                     header.at<std::uint16_t>(10)),
         "pack it again without compression; torch.save never compresses");
  if (header.at<std::uint16_t>(34) != 0) fail(header.begin(), "an entry on another disk");
  read_extra64(header.part(kCentralBytes + name_bytes, header.at<std::uint16_t>(30)), header,
               entry);
  return entry;
}

/// Sizes and places that do not fit into 32 bits stand in an extra field, in this order.
void Scan::read_extra64(const Piece& extra, const Piece& header, ZipEntry& entry) const {
  std::uint64_t packed = header.at<std::uint32_t>(20);
  std::vector<std::uint64_t*> wanted;
  for (std::uint64_t* field : {&entry.bytes, &packed, &entry.header})
    if (*field == kIn64) wanted.push_back(field);
  for (std::uint64_t at = 0; extra.size() - at >= 4 && !wanted.empty();) {
    const auto id = extra.at<std::uint16_t>(at);
    const auto length = extra.at<std::uint16_t>(at + 2);
    if (length > extra.size() - at - 4) fail(extra.begin() + at, "an extra field that is too long");
    if (id == kExtra64 && length >= 8 * wanted.size()) {
      for (std::size_t i = 0; i < wanted.size(); ++i)
        *wanted[i] = extra.at<std::uint64_t>(at + 4 + 8 * i);
      wanted.clear();
    }
    at += 4 + std::uint64_t{length};
  }
  if (!wanted.empty())
    fail(header.begin(), fmt::format("{} has 64-bit sizes that are missing", quoted(entry.name)));
  if (packed != entry.bytes)
    fail(header.begin(),
         fmt::format("{} has {} bytes, stored as {}", quoted(entry.name), entry.bytes, packed));
}

void Scan::check_name(const ZipEntry& entry, std::uint64_t byte) const {
  const std::string& name = entry.name;
  bool good =
      !name.empty() && name.find('\\') == std::string::npos && name.find('\0') == std::string::npos;
  for (std::size_t at = 0; good && at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    const std::string_view part = std::string_view(name).substr(at, end - at);
    good = !part.empty() && part != "." && part != "..";
    at = end + 1;
  }
  if (!good) fail(byte, fmt::format("an entry is named {}, which leads elsewhere", quoted(name)));
}

/// Each local header must name its entry, and from header to payload's end no byte may belong to
/// two entries.
void Scan::read_local_headers(std::uint64_t directory_begin) {
  std::vector<ZipEntry*> by_place;
  for (ZipEntry& entry : entries_) {
    read_local_header(entry);
    by_place.push_back(&entry);
  }
  std::sort(by_place.begin(), by_place.end(),
            [](const ZipEntry* a, const ZipEntry* b) { return a->header < b->header; });
  for (std::size_t i = 0; i < by_place.size(); ++i) {
    const ZipEntry& entry = *by_place[i];
    const bool last = i + 1 == by_place.size();
    const std::uint64_t next = last ? directory_begin : by_place[i + 1]->header;
    if (entry.payload > next || entry.bytes > next - entry.payload)
      fail(entry.header, fmt::format("{} reaches over {}", quoted(entry.name),
                                     last ? "the directory" : quoted(by_place[i + 1]->name)));
  }
}

void Scan::read_local_header(ZipEntry& entry) const {
  const std::vector<std::byte> fixed_bytes = bytes(entry.header, kLocalBytes);
  const Piece fixed(fixed_bytes, entry.header);
  if (fixed.at<std::uint32_t>(0) != kLocalMagic)
    fail(entry.header, fmt::format("no local header of {}", quoted(entry.name)));
  const auto name_bytes = fixed.at<std::uint16_t>(26);
  const std::vector<std::byte> name = bytes(entry.header + kLocalBytes, name_bytes);
  if (Piece(name, 0).text() != entry.name)
    fail(entry.header, fmt::format("{} is named {} in its local header", quoted(entry.name),
                                   quoted(Piece(name, 0).text())));
  const auto flags = fixed.at<std::uint16_t>(6);
  if ((flags & 1U) != 0 || fixed.at<std::uint16_t>(8) != 0)
    fail(entry.header,
         fmt::format("{} is encrypted or compressed in its local header", quoted(entry.name)));
  entry.payload = entry.header + kLocalBytes + name_bytes + fixed.at<std::uint16_t>(28);
}

}  // namespace

std::vector<ZipEntry> scan_zip(const InputFile& file, const WeightLimits& limits) {
  return Scan(file, limits).run();
}

std::vector<std::byte> read_zip_entry(const InputFile& file, const ZipEntry& entry) {
  std::vector<std::byte> content(entry.bytes);
  file.read(entry.payload, content);
  if (crc32_of(content) != entry.crc)
    throw DataError(
        fmt::format("byte {}: {}: CRC mismatch: damaged", entry.payload, quoted(entry.name)),
        file.path(), "get it again from its source");
  return content;
}

}  // namespace intr
