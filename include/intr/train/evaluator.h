// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "intr/comm/communicator.h"
#include "intr/data/data_index.h"
#include "intr/data/evaluation_plan.h"
#include "intr/data/loader.h"
#include "intr/data/shard_reader.h"
#include "intr/model/intr.h"
#include "intr/train/scores.h"

namespace intr {

/// How a split was classified. Counts and `stopped` are the same on every rank; what is made of
/// single samples is there on rank 0 alone.
struct Evaluation {
  bool stopped = false;  ///< a rank was asked to stop: nothing below counts
  std::int64_t samples = 0;
  std::int64_t hits1 = 0;
  std::int64_t hits5 = 0;           ///< true class among the best min(5, K)
  double loss = 0;                  ///< mean cross-entropy, added in sample order
  double brier = 0;                 ///< mean
  double margin = 0;                ///< mean
  std::vector<SampleScore> scores;  ///< in sample-id order

  double acc1() const noexcept;  ///< per cent
  double acc5() const noexcept;
};

/// Evaluates a split: each sample once, on whichever rank, in batches that depend on the data
/// alone. So the result has the same bits for any number of ranks with equal compute threads.
class Evaluator {
 public:
  struct Options {
    Transform transform;
    std::int64_t batch_size = 12;  ///< pictures of a forward pass, at most
    EvaluationBatching batching = EvaluationBatching::kOneSize;
    LoaderMeans loader = {};
    bool progress = false;  ///< show a bar for this rank's share
  };
  /// @param index, reader, communicator must outlive the evaluator
  /// @throws DataError if the split is empty
  Evaluator(const DataIndex& index, const ShardReader& reader, Communicator& communicator,
            const Options& options);

  /// Collective. @param stop_requested asked between batches
  /// @throws InternalError if the samples do not count to the split's size
  Evaluation run(const Intr& model, at::Device device,
                 const std::function<bool()>& stop_requested) const;

 private:
  std::vector<SampleScore> score_share(const Intr& model, at::Device device,
                                       const std::function<bool()>& stop_requested,
                                       bool& stopped) const;
  Evaluation reduce(const std::vector<SampleScore>& mine, bool stopped) const;
  void collect_on_root(const std::vector<SampleScore>& mine, Evaluation& evaluation) const;

  const DataIndex& index_;
  const ShardReader& reader_;
  Communicator& communicator_;
  Options options_;
  std::vector<EvaluationBatch> mine_;
};

}  // namespace intr
