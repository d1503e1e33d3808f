// SPDX-License-Identifier: Apache-2.0
#include "intr/train/compute_place.h"

#include <fmt/format.h>
#include <torch/torch.h>
#include <torch/version.h>

#include <algorithm>
#include <span>
#include <thread>
#include <vector>

#include "intr/core/affinity.h"
#include "intr/core/error.h"
#include "intr/core/kept_memory.h"
#include "intr/core/version.h"
#include "intr/train/device.h"

namespace intr {
namespace {

/// From so many cores of its own a rank does without one for the sake of its messages.
constexpr std::size_t kCoresToShare = 4;

bool wants_comm_core(const std::string& choice, std::size_t cores, int local_size) {
  if (choice != "auto") return choice == "on";
  // Ranks that are not bound have the same cores: none belongs to one of them.
  const bool own = local_size == 1 || cores < std::thread::hardware_concurrency();
  return own && cores >= kCoresToShare;
}

/// Gives the last core of this rank's mask to the thread that makes all MPI calls. What is started
/// later computes on the others.
void give_core_to_messages(MpiEnvironment& mpi) {
  const std::vector<int> cores = usable_cores();
  if (cores.size() < 2)
    throw EnvironmentError("this rank has one core, none is left for messages", "--comm-core on",
                           "bind each rank to more cores, or give --comm-core off");
  mpi.run([&cores] { keep_to_cores(std::span(cores).last(1)); });
  keep_to_cores(std::span(cores).first(cores.size() - 1));
}

/// Kernels of GPUs may add in any order, unless LibTorch is told. cuBLAS always adds in one order
/// here: LibTorch gives it a workspace for each stream.
void settle_gpu_kernels(bool deterministic) {
  at::Context& context = at::globalContext();
  context.setDeterministicCuDNN(deterministic);
  context.setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
  context.setDeterministicFillUninitializedMemory(false);  // we read no memory before it is written
}

/// @param share cores that this rank computes on, unless its number of threads is given
ComputePlace take_share(const PlaceOptions& options, int local_rank, std::int64_t share) {
  ComputePlace place{.device = choose_device(options.device, local_rank),
                     .threads = options.threads > 0 ? options.threads : share,
                     .local_rank = local_rank};
  const std::int64_t usual = place.device.is_cpu() ? share / 16 : share - 1;
  place.loader_threads =
      options.loader_threads > 0 ? options.loader_threads : std::max<std::int64_t>(1, usual);
  keep_freed_memory();
  if (!place.device.is_cpu()) settle_gpu_kernels(options.deterministic);
  // Threads of the pool inherit the flag from the thread that starts it.
  at::globalContext().setFlushDenormal(true);
  at::set_num_threads(static_cast<int>(place.threads));
  at::set_num_interop_threads(1);
  return place;
}

}  // namespace

bool take_comm_core(const std::string& choice, MpiEnvironment& mpi) {
  const bool wanted =
      mpi.world_size() > 1 && wants_comm_core(choice, usable_cores().size(), mpi.local_size());
  if (wanted) give_core_to_messages(mpi);
  return wanted;
}

ComputePlace take_place(const PlaceOptions& options, MpiEnvironment& mpi) {
  mpi.run([] { at::globalContext().setFlushDenormal(true); });
  std::int64_t share = compute_threads(0, mpi.local_size());
  const bool on_cpu = choose_device(options.device, mpi.local_rank()).is_cpu();
  if (on_cpu && take_comm_core(options.comm_core, mpi))
    share = std::max<std::int64_t>(1, share - 1);
  return take_share(options, mpi.local_rank(), share);
}

ComputePlace take_place(const PlaceOptions& options) {
  return take_share(options, 0, compute_threads(0, 1));
}

void agree_on_place(const ComputePlace& place, Communicator& communicator) {
  communicator.agree("what ranks compute with",
                     fmt::format("{}, {} threads", at::get_cpu_capability(), place.threads),
                     "give every rank the same number with --threads, on processors of one kind",
                     {.section = "start"});
}

std::string train_build_facts() {
  return fmt::format("{}\nLibTorch {} ({})\n{}\n", base_build_facts(), TORCH_VERSION,
                     at::get_cpu_capability(), MpiEnvironment::library_version());
}

}  // namespace intr
