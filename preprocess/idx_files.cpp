// SPDX-License-Identifier: Apache-2.0
#include "preprocess/idx_files.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/printable.h"
#include "intr/image/decode.h"
#include "intr/image/encode.h"

namespace intr {
namespace {

constexpr std::uint32_t kPictureMagic = 0x803;  // unsigned bytes, three dimensions
constexpr std::uint32_t kLabelMagic = 0x801;    // unsigned bytes, one dimension
constexpr std::uint64_t kMaxBytes = std::uint64_t{8} << 30;
constexpr const char* kFetchAgain = "fetch the file again";

std::string prefix_of(const std::string& split) {
  if (split == "train") return "train";
  if (split == "val") return "t10k";
  throw UsageError(fmt::format("idx files know no split '{}'", split), "--splits",
                   "use train, val or both");
}

std::string find_file(const std::string& folder, const std::string& name) {
  std::error_code ignored;
  for (const char* ending : {"", ".gz"}) {
    const std::string path = folder + "/" + name + ending;
    if (!std::filesystem::exists(path, ignored)) continue;
    if (std::filesystem::is_regular_file(path, ignored)) return path;
    throw DataError("no regular file: a pipe, socket or device is never opened", printable(path),
                    kFetchAgain);
  }
  throw DataError(fmt::format("has no {} (or {}.gz)", name, name), printable(folder),
                  "check the folder, or name the splits that are there with --splits");
}

struct GzClose {
  void operator()(gzFile file) const { gzclose(file); }
};

/// The whole idx file, unpacked. zlib reads plain files, too.
class IdxFile {
 public:
  explicit IdxFile(std::string path) : path_(std::move(path)), file_(gzopen(path_.c_str(), "rb")) {
    if (file_ == nullptr) throw_system_error("open", printable(path_), errno);
  }
  const std::string& path() const { return path_; }

  std::uint32_t big_endian() {
    const std::vector<std::uint8_t> b = read(4);
    if (b.size() < 4) refuse("ends within its header");
    return (std::uint32_t{b[0]} << 24) | (std::uint32_t{b[1]} << 16) | (std::uint32_t{b[2]} << 8) |
           std::uint32_t{b[3]};
  }
  void expect(std::uint32_t magic) {
    const std::uint32_t found = big_endian();
    if (found != magic)
      refuse(
          fmt::format("begins with {:#x}, idx files of this kind begin with {:#x}", found, magic));
  }
  /// Exactly `size` bytes up to the end of the file.
  std::vector<std::uint8_t> rest(std::uint64_t size, std::uint64_t header) {
    if (size > kMaxBytes)
      refuse(fmt::format("claims {} bytes, more than this program takes", size));
    std::vector<std::uint8_t> bytes = read(size + 1);
    if (bytes.size() == size) return bytes;
    std::uint64_t length = header + bytes.size();
    if (bytes.size() > size) length += count_rest();
    refuse(fmt::format("ends at byte {}, its header says {}", length, header + size));
  }
  [[noreturn]] void refuse(const std::string& what) const {
    throw DataError(what, printable(path_), kFetchAgain);
  }

 private:
  /// Bytes from here to the end.
  std::uint64_t count_rest() {
    constexpr std::uint64_t kBlock = 1 << 20;
    std::uint64_t count = 0, got = kBlock;
    while (got == kBlock && count < kMaxBytes) count += got = read(kBlock).size();
    return count;
  }
  std::vector<std::uint8_t> read(std::uint64_t limit) {
    constexpr std::size_t kBlock = 1 << 20;
    std::vector<std::uint8_t> bytes;
    while (bytes.size() < limit) {
      const std::size_t had = bytes.size();
      const std::size_t wanted = std::min<std::uint64_t>(kBlock, limit - had);
      bytes.resize(had + wanted);
      const int got = gzread(file_.get(), bytes.data() + had, static_cast<unsigned>(wanted));
      int code = Z_OK;
      const char* reason = gzerror(file_.get(), &code);
      if (got < 0 || (code != Z_OK && code != Z_STREAM_END))
        refuse(fmt::format("cannot be unpacked after byte {}: {}",
                           had + static_cast<std::size_t>(std::max(got, 0)), reason));
      bytes.resize(had + static_cast<std::size_t>(got));
      if (got == 0) break;
    }
    return bytes;
  }

  std::string path_;
  std::unique_ptr<gzFile_s, GzClose> file_;
};

std::vector<std::string> digits(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t label = 0; label < count; ++label) names.push_back(fmt::format("{}", label));
  return names;
}

}  // namespace

bool looks_like_idx(const std::string& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with("-idx3-ubyte") || name.ends_with("-idx3-ubyte.gz")) return true;
  }
  return false;
}

IdxFiles::IdxFiles(std::string folder, SourceRules rules)
    : folder_(std::move(folder)), rules_(std::move(rules)) {}

IdxFiles::Pictures IdxFiles::read_split(const std::string& split) const {
  const std::string prefix = prefix_of(split);
  IdxFile pictures(find_file(folder_, prefix + "-images-idx3-ubyte"));
  pictures.expect(kPictureMagic);
  const std::uint32_t count = pictures.big_endian();
  const std::uint32_t height = pictures.big_endian();
  const std::uint32_t width = pictures.big_endian();
  constexpr std::uint32_t kMaxSide = 1 << 15;
  if (height == 0 || width == 0 || height > kMaxSide || width > kMaxSide)
    pictures.refuse(fmt::format("claims pictures of {}x{} pixels", width, height));
  Pictures result{pictures.path(), {height, width}, {}, {}};
  result.pixels = pictures.rest(std::uint64_t{count} * height * width, 16);
  IdxFile labels(find_file(folder_, prefix + "-labels-idx1-ubyte"));
  labels.expect(kLabelMagic);
  const std::uint32_t num_labels = labels.big_endian();
  if (num_labels != count)
    labels.refuse(fmt::format("has {} labels, {} has {} pictures", num_labels,
                              printable(pictures.path()), count));
  result.labels = labels.rest(num_labels, 8);
  return result;
}

Listing IdxFiles::scan() {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder_, ignored))
    throw DataError("no such folder", printable(folder_), "give the folder of the idx files");
  std::size_t num_classes = rules_.classes.size();
  for (const std::string& split : rules_.splits) {
    Pictures& pictures = pictures_[split] = read_split(split);
    for (std::size_t i = 0; i < pictures.labels.size(); ++i) {
      const std::size_t needed = pictures.labels[i] + std::size_t{1};
      if (rules_.classes.empty()) {
        num_classes = std::max(num_classes, needed);
      } else if (needed > num_classes) {
        throw DataError(fmt::format("label {} of picture {}, but --classes names {} classes",
                                    pictures.labels[i], i, num_classes),
                        printable(pictures.file), "give a name for every label");
      }
    }
  }
  Listing listing;
  listing.classes = rules_.classes.empty() ? digits(num_classes) : rules_.classes;
  for (const std::string& split : rules_.splits) {
    const Pictures& pictures = pictures_.at(split);
    SourceSplit files{split, {}};
    for (std::size_t i = 0; i < pictures.labels.size(); ++i) {
      const std::string& name = listing.classes[pictures.labels[i]];
      files.files.push_back({fmt::format("{}/{:08}.png", name, i),
                             pictures.labels[i],
                             i,
                             static_cast<std::uint64_t>(pictures.size.area()),
                             0,
                             {}});
    }
    listing.splits.push_back(std::move(files));
  }
  check_listing(listing, rules_, printable(folder_));
  return listing;
}

void IdxFiles::adopt(const Listing& listing) {
  for (const SourceSplit& split : listing.splits) pictures_[split.name] = read_split(split.name);
}

LoadedFile IdxFiles::load(const std::string& split, const SourceFile& file) const {
  const Pictures& pictures = pictures_.at(split);
  const std::span<const std::uint8_t> grey =
      std::span(pictures.pixels).subspan(file.sample_id * file.size, file.size);
  return {encode_png_grey(grey, pictures.size), xxh3_64(std::as_bytes(grey)), kReencoded};
}

std::string IdxFiles::name_of(const std::string& split, const SourceFile& file) const {
  return fmt::format("{}: picture {}", printable(pictures_.at(split).file), file.sample_id);
}

}  // namespace intr
