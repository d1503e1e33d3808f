// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/communicator.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "intr/core/error.h"

namespace intr {

void Communicator::agree(std::string_view what, std::uint64_t hash, Tag tag) {
  const auto gathered = gather(std::as_bytes(std::span(&hash, 1)), 0, tag);
  std::string differing;
  for (std::size_t rank = 1; rank < gathered.size(); ++rank) {
    if (gathered[rank] != gathered[0])
      differing += fmt::format("{}{}", differing.empty() ? "" : ", ", rank);
  }
  differing = broadcast_text(differing, 0, tag);
  if (differing.empty()) return;
  throw EnvironmentError(
      fmt::format("{} differs between ranks: rank {} from rank 0", what, differing), {},
      "start every rank with the same program, options and files");
}

std::string Communicator::broadcast_text(std::string text, int root, Tag tag) {
  std::vector<std::byte> bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  broadcast_bytes(bytes, root, tag);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace intr
