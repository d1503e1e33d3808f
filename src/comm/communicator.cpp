// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/communicator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "intr/comm/mpi_communicator.h"
#include "intr/comm/mpi_environment.h"
#include "intr/comm/nccl_communicator.h"
#include "intr/comm/self_communicator.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/option_set.h"

namespace intr {
namespace {

/// Says which ranks hold another value than most, with the values; without a majority all are
/// listed.
std::string name_differing(const std::vector<std::vector<std::byte>>& values) {
  std::map<std::string, std::vector<std::size_t>> ranks_of;
  for (std::size_t rank = 0; rank < values.size(); ++rank) {
    const auto* text = reinterpret_cast<const char*>(values[rank].data());
    ranks_of[std::string(text, values[rank].size())].push_back(rank);
  }
  const auto most = std::max_element(
      ranks_of.begin(), ranks_of.end(),
      [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
  const bool majority = 2 * most->second.size() > values.size();
  std::string text;
  for (const auto& [value, ranks] : ranks_of) {
    if (majority && value == most->first) continue;
    text += fmt::format("{}rank {} ({})", text.empty() ? "" : ", ", fmt::join(ranks, " "), value);
  }
  if (majority) text += fmt::format(" against the others ({})", most->first);
  return text;
}

}  // namespace

std::size_t element_bytes(ElementType dtype) {
  switch (dtype) {
    case ElementType::f32:
      return 4;
    case ElementType::f64:
    case ElementType::i64:
      return 8;
    case ElementType::u8:
      return 1;
  }
  throw InternalError("an element type that is not in the list");
}

std::string describe(const Tag& tag) {
  std::string text = tag.section;
  if (tag.step >= 0) text += fmt::format(", step {}", tag.step);
  if (tag.bucket >= 0) text += fmt::format(", bucket {}", tag.bucket);
  return text;
}

void Communicator::agree(std::string_view what, std::uint64_t hash, Tag tag) {
  require_equal(what, hash, fmt::format("{:016x}", hash),
                "start every rank with the same program, options and files", tag);
}

void Communicator::agree(std::string_view what, std::string_view text, std::string_view next,
                         Tag tag) {
  require_equal(what, xxh3_64(text), text, next, tag);
}

void Communicator::require_equal(std::string_view what, std::uint64_t hash, std::string_view shown,
                                 std::string_view next, Tag tag) {
  // ~x falls as x rises, so one maximum gives both ends.
  const auto value = static_cast<std::int64_t>(hash);
  std::array<std::int64_t, 2> ends = {value, ~value};
  allreduce_now(ends, Op::max, tag);
  if (ends[0] == ~ends[1]) return;
  const auto values = gather(std::as_bytes(std::span(shown)), 0, tag);
  const std::string differing =
      broadcast_text(values.empty() ? "" : name_differing(values), 0, tag);
  throw EnvironmentError(fmt::format("{} differs between ranks: {}", what, differing), {}, next);
}

std::string Communicator::broadcast_text(std::string text, int root, Tag tag) {
  std::vector<std::byte> bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  broadcast_bytes(bytes, root, tag);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::unique_ptr<Communicator> make_communicator(const std::string& back_end,
                                                MpiEnvironment& environment) {
  require_choice("comm", back_end, {"auto", "self", "mpi", "fixed", "nccl"});
  const bool alone = environment.world_size() == 1;
  if (back_end == "self" && !alone) {
    throw EnvironmentError(
        fmt::format("self serves one rank, {} were started", environment.world_size()),
        "--comm self", "use --comm auto");
  }
  const auto make_self = [&] { return std::make_unique<SelfCommunicator>(environment.node()); };
  if (back_end == "self" || (back_end == "auto" && alone)) return make_self();
  if (back_end == "nccl" || (back_end == "auto" && nccl_available()))
    return make_nccl_communicator(std::make_unique<MpiCommunicator>(environment));
  return std::make_unique<MpiCommunicator>(
      environment, back_end == "fixed" ? MpiCommunicator::Reduction::kFixedOrder
                                       : MpiCommunicator::Reduction::kLibrary);
}

}  // namespace intr
