// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace intr {

/// What a collective adds up or sends.
enum class ElementType : std::uint8_t { f32, f64, i64, u8 };
enum class Op : std::uint8_t { sum, min, max };

/// A typed piece of memory that a collective works on in place.
struct Buffer {
  void* data = nullptr;
  std::size_t count = 0;
  ElementType dtype = ElementType::f32;
};

std::size_t element_bytes(ElementType dtype);
std::size_t num_bytes(const Buffer& buffer);

/// Names a collective in error and stall reports.
struct Tag {
  const char* section = "";
  std::int64_t step = -1;
  std::int32_t bucket = -1;
};

/// "gradients, step 8120, bucket 3": for messages.
std::string describe(const Tag& tag);

struct WorldInfo {
  int rank = 0;
  int world_size = 1;
  int local_rank = 0;
  int local_size = 1;
  std::string node;
  std::string back_end;
};

/// A device stream, opaque; null on the CPU.
using StreamHandle = void*;

/// A collective under way. Move-only; wait() before it is destroyed.
class Work {
 public:
  virtual ~Work() = default;
  /// Blocks the host until the result is there. @throws PeerError
  virtual void wait() = 0;
  /// GPU: later work on `stream` waits for the result, the host does not. CPU: the same as wait().
  virtual void make_wait(StreamHandle stream) = 0;
};

/// Messages between the ranks of a job. Collectives are called by every rank in the same order.
/// Errors are PeerError.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual const WorldInfo& info() const noexcept = 0;
  int rank() const noexcept { return info().rank; }
  int world_size() const noexcept { return info().world_size; }

  /// Data plane: device memory on the GPU. `after`: the stream whose earlier work makes the buffer
  /// ready.
  virtual std::unique_ptr<Work> allreduce(Buffer inout, Op op, StreamHandle after, Tag tag) = 0;
  virtual std::unique_ptr<Work> broadcast(Buffer inout, int root, StreamHandle after, Tag tag) = 0;

  /// Control plane: host memory, blocking.
  virtual void allreduce_now(std::span<std::int64_t> values, Op op, Tag tag) = 0;
  virtual void allreduce_now(std::span<double> values, Op op, Tag tag) = 0;
  virtual void broadcast_bytes(std::vector<std::byte>& bytes, int root, Tag tag) = 0;
  /// Bytes of every rank on the root, in rank order; empty elsewhere.
  virtual std::vector<std::vector<std::byte>> gather(std::span<const std::byte> mine, int root,
                                                     Tag tag) = 0;
  virtual void barrier(Tag tag) = 0;

  /// Throws PeerError if another rank is known to be gone; waits for none. Any thread may call it,
  /// also while another one is in a collective.
  virtual void check_peers() {}

  /// All ranks hold equal hashes, else every rank throws EnvironmentError naming `what` and the
  /// ranks that differ.
  void agree(std::string_view what, std::uint64_t hash, Tag tag);
  /// The same for short texts, which the message shows. @param next what the user should do
  void agree(std::string_view what, std::string_view text, std::string_view next, Tag tag);
  std::string broadcast_text(std::string text, int root, Tag tag);

 private:
  void require_equal(std::string_view what, std::uint64_t hash, std::string_view shown,
                     std::string_view next, Tag tag);
};

class MpiEnvironment;

/// What `--comm` may say: auto, self, mpi, fixed, nccl, host.
const std::vector<std::string>& back_end_names();

/// What auto means for several ranks: mpi without GPUs; host if ranks share one, which NCCL
/// refuses; else nccl. @param gpus a name for the GPU of each rank, "" where a rank sees none
std::string back_end_for_gpus(std::vector<std::string> gpus);

/// Makes the back end that `--comm` names. auto is self for one rank, else back_end_for_gpus().
/// Collective. @throws EnvironmentError if it was not built in or cannot work here
std::unique_ptr<Communicator> make_communicator(const std::string& back_end,
                                                MpiEnvironment& environment);

}  // namespace intr
