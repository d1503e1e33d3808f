// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace intr {

/// A number that all ranks share, 0 at first: take() gives 0, 1, 2, … each to one rank only.
class WorkCounter {
 public:
  virtual ~WorkCounter() = default;
  /// Adds a number for all ranks. @return the sum before. Thread-safe, not collective.
  virtual std::int64_t add(std::int64_t count) = 0;
  std::int64_t take() { return add(1); }
};

/// The processes that divide a command's work. Every call but rank() and size() is collective, and
/// so are making and destroying a counter, except while an exception unwinds.
class RankTeam {
 public:
  virtual ~RankTeam() = default;
  virtual std::int64_t rank() const = 0;
  virtual std::int64_t size() const = 0;
  /// The bytes that rank 0 gives, on every rank.
  virtual std::string broadcast(std::string bytes) = 0;
  /// What each rank gives, in order of ranks, on rank 0; nothing elsewhere.
  virtual std::vector<std::string> gather(std::string bytes) = 0;
  virtual std::unique_ptr<WorkCounter> open_counter() = 0;
};

/// One process alone.
class SoloTeam : public RankTeam {
 public:
  std::int64_t rank() const override { return 0; }
  std::int64_t size() const override { return 1; }
  std::string broadcast(std::string bytes) override { return bytes; }
  std::vector<std::string> gather(std::string bytes) override;
  std::unique_ptr<WorkCounter> open_counter() override;
};

}  // namespace intr
