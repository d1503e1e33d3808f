// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dumper.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "intr/attention/batch_records.h"
#include "intr/attention/dump_estimate.h"
#include "intr/attention/dump_index.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

using Clock = std::chrono::steady_clock;

// After a stop signal a piece is still finished if that takes less than this; job scripts send the
// signal a minute before the end.
constexpr double kFinishWithin_s = 20;

/// Time that a piece still needs, from what its first batches took.
class PieceClock {
 public:
  explicit PieceClock(std::int64_t pixels) : left_(static_cast<double>(pixels)) {}
  void advance(std::int64_t pixels) {
    done_ += static_cast<double>(pixels);
    left_ -= static_cast<double>(pixels);
  }
  bool nearly_done() const {
    if (done_ <= 0) return false;
    const double elapsed_s = std::chrono::duration<double>(Clock::now() - start_).count();
    return elapsed_s * left_ / done_ < kFinishWithin_s;
  }

 private:
  Clock::time_point start_ = Clock::now();
  double done_ = 0;
  double left_;
};

/// Rank 0's part of settle_plan().
DumpPlan place_or_join(const std::string& folder, const DataIndex& index, const DumpModel& model,
                       DumpOptions options, const Transform& transform) {
  make_folder(folder);
  DumpPlan wanted = plan_dump(index, model, options, transform);
  if (!std::filesystem::exists(folder + "/" + kPlanFileName) &&
      place_dump_plan(folder, wanted.file))
    return wanted;
  const DumpPlanFile there = read_dump_plan(folder);
  if (batching_of(there.facts) == EvaluationBatching::kOneSize) {  // else maps depend on it
    if (there.batch_size != options.batch_size)
      log::info("going on with batch size {} of the plan in {}", there.batch_size, folder);
    options.batch_size = there.batch_size;
  }
  options.piece_samples = there.piece_samples;
  wanted = plan_dump(index, model, options, transform);
  const std::string difference = plan_difference(there, wanted.file);
  if (!difference.empty())
    throw UsageError("holds another dump: " + difference, folder,
                     "give --out another folder, or delete this one");
  return wanted;
}

}  // namespace

DumpModel dump_model(const ModelConfig& config, const std::string& model_hash,
                     const std::string& precision) {
  if (config.queries_per_class != 1)
    throw EnvironmentError(
        fmt::format("this model has {} queries per class", config.queries_per_class), "--model",
        "dump the attention of a model with --queries-per-class 1");
  return {.model_hash = model_hash,
          .class_count = config.num_classes,
          .head_total = config.nheads,
          .layer_total = config.dec_layers,
          .stride = config.stride(),
          .precision = precision,
          .encoder_layer_total = config.enc_layers};
}

DumpPlan settle_plan(const std::string& folder, const DataIndex& index, const DumpModel& model,
                     DumpOptions options, const Transform& transform, Communicator& communicator) {
  std::int64_t sizes[2] = {};
  if (communicator.rank() == 0) {
    const DumpPlan mine = place_or_join(folder, index, model, options, transform);
    sizes[0] = mine.file.batch_size;
    sizes[1] = mine.file.piece_samples;
  }
  communicator.allreduce_now(std::span<std::int64_t>(sizes), Op::max, {.section = "dump plan"});
  options.batch_size = sizes[0];
  options.piece_samples = sizes[1];
  DumpPlan plan = plan_dump(index, model, options, transform);
  communicator.agree("the dump's plan", xxh3_64(to_json(plan.file).dump()),
                     {.section = "dump plan"});
  return plan;
}

Dumper::Dumper(std::string folder, const DumpPlan& plan, const Work& work)
    : folder_(std::move(folder)),
      plan_(plan),
      work_(work),
      extractor_(plan.file.facts, plan.queries, plan.file.logits == "all",
                 work.model.config().enc_layers) {}

ExitCode Dumper::run() {
  const auto start = Clock::now();
  Communicator& communicator = work_.communicator;
  const bool first_rank = communicator.rank() == 0;
  const std::vector<std::int64_t> missing = find_missing(pieces_of_part(plan_, work_.part), true);
  if (first_rank) start_over(missing);
  communicator.barrier({.section = "dump start"});  // no rank computes what has no room
  std::int64_t stopped =
      compute(deal_pieces(plan_, missing, communicator.rank(), communicator.world_size())) ? 0 : 1;
  communicator.allreduce_now({&stopped, 1}, Op::max, {.section = "dump end"});
  if (stopped != 0) {
    if (first_rank)
      log::info(
          "stopped on request; the finished pieces are kept. Next: run the same command "
          "again");
    return ExitCode::kStopped;
  }
  const std::vector<std::int64_t> others = work_.part.whole()
                                               ? std::vector<std::int64_t>()
                                               : find_missing(pieces_of_part(plan_, {}), false);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  if (first_rank && others.empty())
    close({{"ranks", communicator.world_size()},
           {"parts", work_.part.count},
           {"device", work_.device.str()},
           {"pieces_computed", missing.size()},
           {"seconds", seconds}});
  else if (first_rank)
    log::info(
        "part {} of {} is done; {} of {} pieces are left to other parts. The last one writes the "
        "index, as intr-attend merge does",
        work_.part.number, work_.part.count, others.size(), plan_.file.num_pieces());
  communicator.barrier({.section = "dump index"});
  return ExitCode::kDone;
}

/// Those of the pieces that are to be computed. Ranks share the looking.
/// @param mine this job computes them
std::vector<std::int64_t> Dumper::find_missing(const std::vector<std::int64_t>& pieces,
                                               bool mine) const {
  const Communicator& communicator = work_.communicator;
  const auto stride = static_cast<std::size_t>(communicator.world_size());
  std::vector<std::int64_t> absent(pieces.size(), 0);
  for (auto i = static_cast<std::size_t>(communicator.rank()); i < pieces.size(); i += stride) {
    const auto number = static_cast<std::uint32_t>(pieces[i]);
    const std::string trouble =
        piece_trouble(folder_, plan_.file, number, mine && work_.verify_existing);
    if (mine && !trouble.empty() && trouble != "missing")
      log::warning("computing piece {} again: {}", number, trouble);
    absent[i] = trouble.empty() ? 0 : 1;
  }
  work_.communicator.allreduce_now(absent, Op::sum, {.section = "dump pieces"});
  std::vector<std::int64_t> missing;
  for (std::size_t i = 0; i < pieces.size(); ++i)
    if (absent[i] != 0) missing.push_back(pieces[i]);
  return missing;
}

/// What rank 0 does before the first batch: room on the disk, and no dump.json while work is left.
void Dumper::start_over(const std::vector<std::int64_t>& missing) const {
  std::uint64_t bytes = 0;
  for (const std::int64_t number : missing)
    bytes += plan_.file.pieces[static_cast<std::size_t>(number)].bytes;
  require_space(bytes, free_bytes(folder_), folder_);
  if (missing.empty()) return;
  std::filesystem::remove(folder_ + "/" + kDumpFileName);
  std::filesystem::remove(folder_ + "/" + kIndexFileName);
  log::info("{} of {} pieces to compute in {}", missing.size(), plan_.file.num_pieces(), folder_);
}

/// What rank 0 does when every piece is there: the index, and nothing left of killed writers.
void Dumper::close(const nlohmann::ordered_json& run) const {
  try {
    if (!dump_is_finished(folder_)) write_dump_index(folder_, plan_.file, run);
  } catch (const std::exception&) {
    // Two parts may end together. The one that is done tidies up, also what the other one writes;
    // both write the same.
    if (!dump_is_finished(folder_)) throw;
  }
  remove_dump_leftovers(folder_, plan_.file);
  log::info("{} samples in {}; intr-render gallery draws them", plan_.file.num_samples(), folder_);
}

/// Computes and writes pieces. @return false if it stopped on request before the end
bool Dumper::compute(const std::vector<std::int64_t>& pieces) {
  std::vector<EvaluationBatch> batches;
  std::int64_t num_samples = 0;
  for (const std::int64_t number : pieces) {
    const DumpPlan::Piece& piece = plan_.pieces[static_cast<std::size_t>(number)];
    const auto first = plan_.batches.begin() + piece.first;
    batches.insert(batches.end(), first, first + piece.count);
    for (auto batch = first; batch != first + piece.count; ++batch)
      num_samples += static_cast<std::int64_t>(batch->rows.size());
  }
  EvaluationLoader loader(work_.index, work_.reader, work_.transform, std::move(batches),
                          work_.loader);
  PieceQueue queue(folder_, plan_.file.facts, plan_.file.num_pieces());
  Progress progress(
      work_.communicator.world_size() > 1 ? "attention (rank 0's share)" : "attention", num_samples,
      "images", work_.communicator.rank() == 0 && num_samples > 0);
  for (const std::int64_t number : pieces) {
    const DumpPlan::Piece& piece = plan_.pieces[static_cast<std::size_t>(number)];
    PieceClock clock(piece.pixels);
    std::vector<MapRecord> records;
    for (std::int64_t i = 0; i < piece.count; ++i) {
      if (work_.stop_requested && work_.stop_requested() && !clock.nearly_done()) {
        queue.finish();
        return false;
      }
      const std::optional<MicroBatch> batch = loader.next();
      if (!batch) throw InternalError(fmt::format("the loader ended within piece {}", number));
      std::vector<MapRecord> computed =
          compute_records(work_.model, extractor_, work_.index, *batch, work_.device);
      std::move(computed.begin(), computed.end(), std::back_inserter(records));
      clock.advance(batch->size() * batch->padded.area());
      progress.advance(batch->size());
    }
    queue.push(static_cast<std::uint32_t>(number), std::move(records));
  }
  queue.finish();
  progress.finish();
  return true;
}

}  // namespace intr
