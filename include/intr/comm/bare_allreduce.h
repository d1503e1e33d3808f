// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

namespace intr {

class MpiEnvironment;

/// MPI_Allreduce with nothing of ours around it: what the communicator's cost is measured against.
/// Training never uses it.
class BareAllreduce {
 public:
  /// Collective. @param environment must outlive it @throws PeerError
  explicit BareAllreduce(MpiEnvironment& environment);
  BareAllreduce(const BareAllreduce&) = delete;
  BareAllreduce& operator=(const BareAllreduce&) = delete;
  /// Collective, unless an exception unwinds.
  ~BareAllreduce();

  /// Collective: adds up in place over ranks, `calls` times in a row after a barrier. Each call
  /// sends the whole buffer. @return seconds of one call, on this rank @throws PeerError
  double seconds(std::span<float> values, int calls);

 private:
  struct State;
  MpiEnvironment& environment_;
  std::unique_ptr<State> state_;
};

}  // namespace intr
