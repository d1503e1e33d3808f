// SPDX-License-Identifier: Apache-2.0
#include "intr/io/file_seal.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/file_patch.h"
#include "intr/io/file_range.h"

namespace intr {
namespace {

constexpr std::string_view kName = "\nINTR-SEAL v1 ";  // on disk: never change
constexpr std::uint64_t kBlock = std::uint64_t{1} << 20;

/// The seal of a file's first bytes.
std::string seal_of(const InputFile& file, std::uint64_t bytes) {
  Hash128 hash;
  std::vector<std::byte> block(std::min(bytes, kBlock));
  for (std::uint64_t first = 0; first < bytes; first += kBlock) {
    const std::span<std::byte> part(block.data(), std::min(kBlock, bytes - first));
    file.read(first, part);
    hash.add(part);
  }
  std::string seal = fmt::format("{}{:016x} {}\n", kName, bytes, hash.hex());
  if (seal.size() != kSealBytes) throw InternalError("a seal of another length", file.path());
  return seal;
}

/// The bytes where a seal would be.
std::string end_of(const InputFile& file) {
  std::string end(std::min(file.size(), kSealBytes), '\0');
  file.read(file.size() - end.size(), std::as_writable_bytes(std::span(end)));
  return end;
}

}  // namespace

bool has_seal(const std::string& path) { return end_of(InputFile(path)).starts_with(kName); }

void seal_file(const std::string& path) {
  const InputFile file(path);
  const std::uint64_t bytes = file.size();
  const std::string seal = seal_of(file, bytes);
  FilePatch out(path);
  out.write(bytes, std::as_bytes(std::span(seal)));
  out.close();
}

void require_sealed(const std::string& path) {
  const InputFile file(path);
  const std::uint64_t size = file.size();
  const std::string found = end_of(file);
  const std::uint64_t bytes = size - found.size();
  if (!found.starts_with(kName)) {
    throw DataError(
        fmt::format("does not end in a seal after {} bytes: it was cut, or changed, or is "
                    "another kind of file",
                    size),
        path, "use another file");
  }
  if (found != seal_of(file, bytes))
    throw DataError("its bytes are not those that were sealed", path, "use another file");
}

}  // namespace intr
