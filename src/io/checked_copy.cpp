// SPDX-License-Identifier: Apache-2.0
#include "intr/io/checked_copy.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/printable.h"
#include "intr/io/file_range.h"
#include "intr/io/output_file.h"

namespace intr {
namespace {

constexpr std::size_t kPiece = std::size_t{4} << 20;  // bytes copied at a time

}  // namespace

bool copy_checked(const std::string& from, const std::string& to, const std::string& hash,
                  const std::function<bool()>& stop_requested) {
  const InputFile source(from);
  OutputFile out(to);
  Hash128 found;
  std::vector<std::byte> piece(kPiece);
  const std::uint64_t size = source.size();
  for (std::uint64_t begin = 0; begin < size; begin += kPiece) {
    if (stop_requested()) return false;
    const auto part = std::span(piece).first(std::min<std::uint64_t>(kPiece, size - begin));
    source.read(begin, part);
    found.add(std::span<const std::byte>(part));
    out.write(part);
  }
  out.close();
  if (found.hex() == hash) return true;
  throw DataError("its bytes are not those that were packed", printable(from),
                  "copy that set again; intr-pack verify lists all damage");
}

}  // namespace intr
