// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/weight_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "intr/core/error.h"

namespace intr {
namespace {

static_assert(std::endian::native == std::endian::little, "weight files are little-endian");

using namespace std::string_view_literals;
constexpr std::string_view kLegacy =
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e"sv;
constexpr std::string_view kZip = "PK\x03\x04"sv;
constexpr std::string_view kHdf5 = "\x89HDF\x0d\x0a\x1a\x0a"sv;
constexpr std::size_t kMagicWithin = 32;  ///< bytes in which other protocols have it
constexpr std::uint64_t kLongestHeader = 100'000'000;
constexpr std::uint64_t kTarMagicAt = 257, kHeadBytes = 512;

struct Stranger {
  std::string_view begin;
  const char* what;
  const char* next;
};
constexpr std::array<Stranger, 5> kStrangers = {{
    {"version https://git-lfs"sv, "a Git LFS pointer, not the file itself", "run \"git lfs pull\""},
    {"<!DOCTYPE"sv, "a web page: the download failed", "download the file again"},
    {"<!doctype"sv, "a web page: the download failed", "download the file again"},
    {"<html"sv, "a web page: the download failed", "download the file again"},
    {"<?xml"sv, "a web page: the download failed", "download the file again"},
}};

std::string first_bytes_in_hex(std::string_view head) {
  std::string text;
  for (const char c : head.substr(0, 16))
    text += fmt::format("{}{:02x}", text.empty() ? "" : " ", static_cast<unsigned char>(c));
  return text;
}

std::uint64_t header_length(std::string_view head) {
  std::uint64_t length = 0;
  std::memcpy(&length, head.data(), sizeof(length));
  return length;
}

bool is_safetensors(std::string_view head) {
  if (head.size() < 9) return false;
  const std::uint64_t length = header_length(head);
  return length >= 2 && length <= kLongestHeader && head[8] == '{';
}

/// Why it is no safetensors file either.
std::string as_safetensors(std::string_view head) {
  if (head.size() < 9) return fmt::format("; {} bytes are too few for any", head.size());
  const std::uint64_t length = header_length(head);
  if (length < 2 || length > kLongestHeader)
    return fmt::format("; as safetensors it would have a header of {} bytes (2 to {})", length,
                       kLongestHeader);
  return "; as safetensors its header would have to begin with {";
}

[[noreturn]] void refuse(std::string_view head, const std::string& path) {
  if (head.empty()) throw DataError("empty file", path, "the download failed: get it again");
  for (const Stranger& stranger : kStrangers)
    if (head.starts_with(stranger.begin)) throw DataError(stranger.what, path, stranger.next);
  if (head.size() > kTarMagicAt && head.substr(kTarMagicAt).starts_with("ustar"))
    throw DataError("a tar file, as torch wrote them before 0.1.10", path,
                    "load it with an old torch in Python and save it again");
  const bool magic = head.substr(0, kMagicWithin).find(kLegacy.substr(2, 12)) != head.npos;
  if (magic || head.starts_with("L119547037146038801333356L"))
    throw DataError("byte 0: a legacy torch stream of another pickle protocol than 2", path,
                    "save it again in Python without naming a pickle_protocol");
  if (head.size() >= 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5)
    throw DataError("byte 0: a bare pickle without torch's container", path,
                    "save the tensors with torch.save or safetensors in Python");
  throw DataError(
      fmt::format("byte 0: no weight file: it begins with {}{}", first_bytes_in_hex(head),
                  as_safetensors(head)),
      path, "give a .pth file of torch.save, a .safetensors file or a checkpoint of intr-train");
}

}  // namespace

std::string_view name_of(WeightFormat format) {
  static constexpr std::array<std::string_view, 4> kNames = {
      "legacy torch stream", "torch zip file", "safetensors", "intr checkpoint"};
  return kNames.at(static_cast<std::size_t>(format));
}

WeightFormat weight_format(const InputFile& file) {
  std::vector<std::byte> bytes(std::min(file.size(), kHeadBytes));
  file.read(0, bytes);
  const std::string_view head(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (head.starts_with(kLegacy)) return WeightFormat::legacy;
  if (head.starts_with(kZip)) return WeightFormat::zip;
  if (head.starts_with(kHdf5)) return WeightFormat::checkpoint;
  if (is_safetensors(head)) return WeightFormat::safetensors;
  refuse(head, file.path());
}

}  // namespace intr
