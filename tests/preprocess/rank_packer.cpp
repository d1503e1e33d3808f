// SPDX-License-Identifier: Apache-2.0
// Packs in shards of about two pictures, as one rank of a job in which one may die:
//   rank_packer SOURCE SET [VICTIM renamed|next]
// The victim ends itself with SIGKILL right after its first shard was renamed, before the folder is
// synced, or where its second shard is half written. By then each other rank has renamed one of its
// own or is about to, and goes on.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "preprocess/image_folder.h"
#include "preprocess/mpi_team.h"
#include "preprocess/packer.h"

namespace {

namespace fs = std::filesystem;

std::string g_set;
std::string g_moment;  ///< empty: nobody dies
bool g_victim = false;
std::atomic<int> g_renamed{0};  ///< shards of this rank that have their names
std::atomic<int> g_written{0};  ///< times that this rank wrote to its second shard

bool is_shard(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return !name.starts_with('.') && name.find("-of-") != name.npos && name.ends_with(".h5");
}

int num_shards() {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(g_set)) count += is_shard(entry.path().string());
  return count;
}

/// A rank that waits in vain ends the job with a status of its own.
void wait_until(const std::function<bool()>& condition) {
  for (int ms = 0; !condition(); ++ms) {
    if (ms == 30'000) ::_exit(99);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

std::string note(const char* name) { return g_set + "." + name; }

void leave(const std::string& path) {
  ::close(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
}

[[noreturn]] void die() {
  leave(note("dying"));
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

/// The victim's first shard comes before all others, theirs before its end.
void after_rename() {
  if (++g_renamed != 1 || g_moment.empty() || !g_victim) return;
  leave(note("first"));
  wait_until([] { return num_shards() > 1; });
  if (g_moment == "renamed") die();
}

/// Called before each shard and within it.
bool never_stop() {
  if (g_moment.empty()) return false;
  if (!g_victim) wait_until([] { return fs::exists(note(g_renamed == 0 ? "first" : "dying")); });
  return false;
}

}  // namespace

extern "C" int rename(const char* from, const char* to) noexcept {
  const auto status = static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
  if (status == 0 && is_shard(to)) after_rename();
  return status;
}
extern "C" ssize_t pwrite(int file, const void* data, size_t size, off_t offset) {
  if (g_victim && g_moment == "next" && g_renamed == 1 && ++g_written == 4) die();
  return ::syscall(SYS_pwrite64, file, data, size, offset);
}
extern "C" ssize_t pwrite64(int file, const void* data, size_t size, off_t offset) {
  return pwrite(file, data, size, offset);
}

int main(int argc, char** argv) {
  if (argc != 3 && argc != 5) return 2;
  const std::string root = argv[1];
  g_set = argv[2];
  intr::MpiEnvironment mpi;
  intr::MpiTeam team(mpi);
  if (argc == 5) {
    g_victim = std::to_string(team.rank()) == argv[3];
    g_moment = argv[4];
  }
  try {
    intr::ImageFolder source(root, {}, intr::HiddenPolicy::kRefuse);
    const intr::PackPlan plan = intr::make_plan(source.scan(), 1000, "{\"store\":\"original\"}");
    intr::PackerOptions options;
    options.check.threads = 2;
    options.stop_requested = never_stop;
    options.team = &team;
    return intr::Packer(source, root, plan, g_set, options).run() == intr::PackOutcome::kDone ? 0
                                                                                              : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    intr::MpiEnvironment::abort(70);
  }
}
