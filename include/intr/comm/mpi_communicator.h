// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "intr/comm/communicator.h"

namespace intr {

/// Collectives over MPI on host memory: blocking MPI calls on the environment's MPI thread, in
/// pieces of kPieceBytes, so that counts fit MPI's int and a call never holds the library for long.
/// (MPI_Iallreduce makes no progress while the caller computes; a thread in a blocking call does.)
///
/// Data and control messages use two duplicates of MPI_COMM_WORLD with MPI_ERRORS_RETURN. After
/// the first error every later call fails with the same text: MPI says nothing about the state of a
/// communicator then.
class MpiCommunicator final : public Communicator {
 public:
  static constexpr std::int64_t kPieceBytes = 16 << 20;
  /// MPI calls that a buffer of so many bytes takes.
  static constexpr std::int64_t num_pieces(std::int64_t bytes) noexcept {
    return (bytes + kPieceBytes - 1) / kPieceBytes;
  }

  /// How the data plane adds up.
  enum class Reduction {
    kLibrary,     ///< MPI_Allreduce: fast; its order may depend on ranks, sizes and the library
    kFixedOrder,  ///< one binary tree over rank numbers: the same bits in every run
  };
  /// Collective. @param environment must outlive the communicator. @throws PeerError
  explicit MpiCommunicator(MpiEnvironment& environment, Reduction reduction = Reduction::kLibrary);
  /// Collective, unless an exception unwinds: then other ranks may be elsewhere.
  ~MpiCommunicator() override;
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  const WorldInfo& info() const noexcept override { return info_; }
  std::unique_ptr<Work> allreduce(Buffer inout, Op op, StreamHandle after, Tag tag) override;
  std::unique_ptr<Work> broadcast(Buffer inout, int root, StreamHandle after, Tag tag) override;
  void allreduce_now(std::span<std::int64_t> values, Op op, Tag tag) override;
  void allreduce_now(std::span<double> values, Op op, Tag tag) override;
  void broadcast_bytes(std::vector<std::byte>& bytes, int root, Tag tag) override;
  std::vector<std::vector<std::byte>> gather(std::span<const std::byte> mine, int root,
                                             Tag tag) override;
  void barrier(Tag tag) override;

 private:
  struct State;
  std::unique_ptr<Work> post(const Tag& tag, const Buffer& buffer, std::function<void()> call);
  template <class Call>
  void run(const Tag& tag, std::size_t bytes, const Call& call);

  MpiEnvironment& environment_;
  Reduction reduction_;
  WorldInfo info_;
  std::shared_ptr<State> state_;  ///< shared with calls that are still queued
};

}  // namespace intr
