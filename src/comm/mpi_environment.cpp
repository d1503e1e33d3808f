// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/mpi_environment.h"

#include <fmt/format.h>
#include <mpi.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "intr/comm/deadline_guard.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/thread_name.h"

namespace intr {

struct MpiEnvironment::State {
  int rank = 0;
  int world_size = 1;
  int local_rank = 0;
  int local_size = 1;
  std::string node;
  bool finalize = true;  ///< false: someone else started MPI and ends it

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> calls;
  bool ending = false;
  std::thread thread;

  void work() {
    name_this_thread("mpi");
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return ending || !calls.empty(); });
      if (calls.empty()) return;
      const std::function<void()> call = std::move(calls.front());
      calls.pop_front();
      lock.unlock();
      call();
      lock.lock();
    }
  }

  void start() {
    int running = 0;
    MPI_Initialized(&running);
    finalize = running == 0;
    int provided = 0;
    // One rank without a launcher needs no daemon of Open MPI beside it, which would outlive a
    // kill.
    ::setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
    const int code = finalize ? MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided)
                              : MPI_Query_thread(&provided);
    if (code != MPI_SUCCESS || provided < MPI_THREAD_SERIALIZED) {
      throw EnvironmentError("MPI gives no support for threads (MPI_THREAD_SERIALIZED)", {},
                             "use an MPI library that was built with thread support");
    }
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &world_size);
    MPI_Comm local = MPI_COMM_NULL;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &local);
    MPI_Comm_rank(local, &local_rank);
    MPI_Comm_size(local, &local_size);
    MPI_Comm_free(&local);
    char name[MPI_MAX_PROCESSOR_NAME] = {};
    int length = 0;
    MPI_Get_processor_name(name, &length);
    node.assign(name, static_cast<std::size_t>(length));
  }
};

namespace {

/// How many tasks srun started with this one; 1 outside of its steps.
int tasks_of_step() {
  // Absent in a batch script's own shell. SLURM_NTASKS would be the job's: in an interactive shell,
  // which is a step of one task, not this step's.
  const char* tasks = std::getenv("SLURM_STEP_NUM_TASKS");
  const bool by_mpirun = std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr;
  return tasks == nullptr || by_mpirun ? 1 : std::atoi(tasks);
}

/// Slurm knows how many tasks it started; MPI that sees one where Slurm started more is not the
/// launcher's MPI.
void check_launcher(int world_size) {
  const int tasks = tasks_of_step();
  if (world_size > 1 || tasks <= 1) return;
  throw EnvironmentError(
      fmt::format("Slurm started {} tasks but MPI sees one rank: the MPI library and srun do not "
                  "match",
                  tasks),
      {}, "start with srun --mpi=pmix (see srun --mpi=list), or with mpirun");
}

/// Tasks of srun that nobody told how to find each other. Open MPI ends such a process inside
/// MPI_Init with a code of its own, so it is noticed before.
void check_process_management() {
  for (const char* name : {"PMIX_NAMESPACE", "PMIX_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK",
                           "PMI_FD", "PMI_SIZE", "PMI_JOBID"})
    if (std::getenv(name) != nullptr) return;
  check_launcher(1);
}

}  // namespace

MpiEnvironment::MpiEnvironment(std::chrono::milliseconds limit)
    : state_(std::make_unique<State>()), limit_(limit) {
  check_process_management();
  state_->thread = std::thread([this] { state_->work(); });
  try {
    {
      const DeadlineGuard guard("MPI_Init_thread", limit_);
      run([this] { state_->start(); });
    }
    log::set_rank(state_->rank, state_->world_size);
    check_launcher(state_->world_size);
  } catch (...) {
    {
      const std::lock_guard lock(state_->mutex);
      state_->ending = true;
    }
    state_->changed.notify_all();
    state_->thread.join();
    throw;
  }
}

MpiEnvironment::~MpiEnvironment() {
  // While an exception unwinds, other ranks may sit in a collective: finalizing would wait for
  // them. abort() ends those.
  const bool unwinding = std::uncaught_exceptions() > 0;
  if (!unwinding && state_->finalize) post([] { MPI_Finalize(); });
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->changed.notify_all();
  if (unwinding) {
    state_->thread.detach();
    state_.release();  // the detached thread may still use it; the process is about to end
    return;
  }
  const DeadlineGuard guard("MPI_Finalize", limit_);
  state_->thread.join();
}

int MpiEnvironment::rank() const noexcept { return state_->rank; }
int MpiEnvironment::world_size() const noexcept { return state_->world_size; }
int MpiEnvironment::local_rank() const noexcept { return state_->local_rank; }
int MpiEnvironment::local_size() const noexcept { return state_->local_size; }
const std::string& MpiEnvironment::node() const noexcept { return state_->node; }

void MpiEnvironment::run(const std::function<void()>& call) {
  std::mutex mutex;
  std::condition_variable finished;
  bool done = false;
  std::exception_ptr failure;
  post([&] {
    try {
      call();
    } catch (...) {
      failure = std::current_exception();
    }
    // Notified under the lock: the waiter owns these variables and may be gone right after.
    const std::lock_guard lock(mutex);
    done = true;
    finished.notify_all();
  });
  std::unique_lock lock(mutex);
  finished.wait(lock, [&] { return done; });
  if (failure) std::rethrow_exception(failure);
}

void MpiEnvironment::post(std::function<void()> call) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->calls.push_back(std::move(call));
  }
  state_->changed.notify_all();
}

void MpiEnvironment::idle_barrier() {
  run([] {
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    for (int ended = 0; ended == 0;) {
      MPI_Test(&request, &ended, MPI_STATUS_IGNORE);
      if (ended == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
}

void MpiEnvironment::abort(int status) noexcept {
  int initialized = 0;
  int finalized = 0;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  int size = 1;
  if (initialized != 0 && finalized == 0) MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (size > 1) {
    // MPI_Abort itself may hang where a peer or the launcher is gone.
    try {
      std::thread([status] {
        std::this_thread::sleep_for(std::chrono::seconds(5));
        _exit(status);
      }).detach();
    } catch (...) {  // no thread left: then without a limit
    }
    MPI_Abort(MPI_COMM_WORLD, status);
  }
  _exit(status);
}

std::string MpiEnvironment::library_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string whole(text, static_cast<std::size_t>(length));
  return whole.substr(0, whole.find_first_of(",\n"));
}

}  // namespace intr
