// SPDX-License-Identifier: Apache-2.0
#include "intr/io/global_heap.h"

#include <fmt/format.h>

#include <cstring>

#include "intr/core/error.h"

namespace intr::hdf5 {
namespace {

constexpr std::uint64_t kHeader = 16;        // signature, version, size
constexpr std::uint64_t kObjectHeader = 16;  // number, references, size

/// A little-endian number inside bytes that were checked to hold it.
template <class T>
T number_at(std::span<const std::byte> bytes, std::uint64_t at) {
  T value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;)
    value = static_cast<T>(value << 8 | std::to_integer<T>(bytes[at + i]));
  return value;
}

}  // namespace

void GlobalHeap::refuse(const char* what) const {
  throw DataError(fmt::format("the heap of variable-length strings {}", what), path_,
                  "the file is damaged: make it again or copy it again");
}

std::string GlobalHeap::string(std::span<const std::byte, kReferenceBytes> element) {
  const auto length = number_at<std::uint32_t>(element, 0);
  if (length == 0) return {};
  const Collection& heap = collection(number_at<std::uint64_t>(element, 4));
  const auto number = static_cast<std::uint16_t>(number_at<std::uint32_t>(element, 12));
  const auto object = heap.objects.find(number);
  if (object == heap.objects.end()) refuse("lacks an object");
  if (length > object->second.size) refuse("holds a string that is too short");
  std::string text(length, '\0');
  std::memcpy(text.data(), heap.bytes.data() + object->second.begin, length);
  return text.substr(0, text.find('\0'));
}

const GlobalHeap::Collection& GlobalHeap::collection(std::uint64_t address) {
  const auto known = collections_.find(address);
  if (known != collections_.end()) return known->second;
  if (address >= file_size_ || file_size_ - address < kHeader) refuse("lies outside the file");
  std::vector<std::byte> header(kHeader);
  read_(address, header);
  if (std::memcmp(header.data(), "GCOL\1", 5) != 0) refuse("does not begin with GCOL");
  const auto size = number_at<std::uint64_t>(header, 8);
  if (size < kHeader || size > file_size_ - address) refuse("claims a wrong size");
  Collection heap;
  heap.bytes.resize(size);
  read_(address, heap.bytes);
  for (std::uint64_t at = kHeader; size - at >= kObjectHeader;) {
    const auto number = number_at<std::uint16_t>(heap.bytes, at);
    if (number == 0) break;  // the free rest
    const auto length = number_at<std::uint64_t>(heap.bytes, at + 8);
    at += kObjectHeader;
    if (length > size - at) refuse("holds an object that leaves it");
    heap.objects[number] = {at, length};
    const std::uint64_t padded = (length + 7) / 8 * 8;
    if (padded > size - at) break;
    at += padded;
  }
  return collections_.emplace(address, std::move(heap)).first->second;
}

}  // namespace intr::hdf5
