// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/communicator.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

#include "intr/comm/gpu_staging.h"
#include "intr/comm/host_staging_communicator.h"
#include "intr/comm/mpi_communicator.h"
#include "intr/comm/mpi_environment.h"
#include "intr/comm/nccl_communicator.h"
#include "intr/comm/self_communicator.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
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

/// The same on all ranks, whatever each of them sees.
std::string choose_back_end(Communicator& control) {
  const Tag tag{"start"};
  const std::string gpu = gpu_of_rank(control.info().local_rank);
  const std::string mine = gpu.empty() ? "" : control.info().node + " " + gpu;
  std::vector<std::string> gpus;
  for (const auto& bytes : control.gather(std::as_bytes(std::span(mine)), 0, tag))
    gpus.emplace_back(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return control.broadcast_text(back_end_for_gpus(std::move(gpus)), 0, tag);
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

std::size_t num_bytes(const Buffer& buffer) { return buffer.count * element_bytes(buffer.dtype); }

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

const std::vector<std::string>& back_end_names() {
  static const std::vector<std::string> names = {"auto", "self", "mpi", "fixed", "nccl", "host"};
  return names;
}

std::string back_end_for_gpus(std::vector<std::string> gpus) {
  std::erase(gpus, "");
  if (gpus.empty()) return "mpi";
  std::sort(gpus.begin(), gpus.end());
  return std::adjacent_find(gpus.begin(), gpus.end()) != gpus.end() ? "host" : "nccl";
}

std::unique_ptr<Communicator> make_communicator(const std::string& back_end,
                                                MpiEnvironment& environment) {
  require_choice("comm", back_end, back_end_names());
  const bool alone = environment.world_size() == 1;
  if (back_end == "self" && !alone) {
    throw EnvironmentError(
        fmt::format("self serves one rank, {} were started", environment.world_size()),
        "--comm self", "use --comm auto");
  }
  if (back_end == "self" || (back_end == "auto" && alone))
    return std::make_unique<SelfCommunicator>(environment.node());
  auto mpi = std::make_unique<MpiCommunicator>(
      environment, back_end == "fixed" ? MpiCommunicator::Reduction::kFixedOrder
                                       : MpiCommunicator::Reduction::kLibrary);
  const std::string chosen = back_end == "auto" ? choose_back_end(*mpi) : back_end;
  if (chosen == "nccl") return make_nccl_communicator(std::move(mpi));
  if (chosen != "host") return mpi;
  if (back_end == "auto")
    log::info("ranks share a GPU: gradients go through host memory, which is slower than NCCL");
  return make_host_staging_communicator(std::move(mpi), make_gpu_staging(environment.local_rank()));
}

}  // namespace intr
