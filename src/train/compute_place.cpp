// SPDX-License-Identifier: Apache-2.0
#include "intr/train/compute_place.h"

#include <fmt/format.h>
#include <torch/torch.h>
#include <torch/version.h>

#include <algorithm>

#include "intr/core/affinity.h"
#include "intr/core/kept_memory.h"
#include "intr/core/version.h"
#include "intr/train/device.h"

namespace intr {
namespace {

ComputePlace take_place_among(const PlaceOptions& options, int local_rank, int local_size) {
  ComputePlace place{.device = choose_device(options.device, local_rank),
                     .threads = compute_threads(options.threads, local_size),
                     .local_rank = local_rank};
  const std::int64_t share = compute_threads(0, local_size);
  const std::int64_t usual = place.device.is_cpu() ? share / 16 : share - 1;
  place.loader_threads =
      options.loader_threads > 0 ? options.loader_threads : std::max<std::int64_t>(1, usual);
  keep_freed_memory();
  // Threads of the pool inherit the flag from the thread that starts it.
  at::globalContext().setFlushDenormal(true);
  at::set_num_threads(static_cast<int>(place.threads));
  at::set_num_interop_threads(1);
  return place;
}

}  // namespace

ComputePlace take_place(const PlaceOptions& options, MpiEnvironment& mpi) {
  mpi.run([] { at::globalContext().setFlushDenormal(true); });
  return take_place_among(options, mpi.local_rank(), mpi.local_size());
}

ComputePlace take_place(const PlaceOptions& options) { return take_place_among(options, 0, 1); }

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
