// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

/// What `intr-score model` finds out about one sample by running the network again. A number that
/// cannot be had is NaN, never 0.
namespace intr {

inline constexpr std::int64_t kCurveSteps = 16;  ///< T: a curve has T + 1 points
inline constexpr std::int64_t kRandomOrders = 3;

/// Whether cells are taken from the picture, or given back to a blurred one.
enum class CurveKind : std::uint8_t { kDeletion, kInsertion };
inline constexpr std::array kCurveKinds = {CurveKind::kDeletion, CurveKind::kInsertion};
const char* name_of(CurveKind kind) noexcept;  ///< "deletion", "insertion"

/// In which order: by the map, in one of three random orders, from the center outwards.
enum class CellOrder : std::uint8_t { kMap, kRandom1, kRandom2, kRandom3, kCenter };
inline constexpr std::array kCellOrders = {CellOrder::kMap, CellOrder::kRandom1,
                                           CellOrder::kRandom2, CellOrder::kRandom3,
                                           CellOrder::kCenter};

/// How much the network believes in the target class.
struct TargetScore {
  double probability = std::numeric_limits<double>::quiet_NaN();
  double margin =
      std::numeric_limits<double>::quiet_NaN();  ///< its logit minus that of the best other class
  bool operator==(const TargetScore&) const = default;
};

/// Point t: with round(t * S / T) of S cells changed.
using Curve = std::array<TargetScore, kCurveSteps + 1>;

/// Both kinds, every order.
struct SampleCurves {
  Curve& at(CurveKind kind, CellOrder order) {
    return curves[static_cast<std::size_t>(kind)][static_cast<std::size_t>(order)];
  }
  const Curve& at(CurveKind kind, CellOrder order) const {
    return curves[static_cast<std::size_t>(kind)][static_cast<std::size_t>(order)];
  }
  std::array<std::array<Curve, kCellOrders.size()>, kCurveKinds.size()> curves;
};

/// What single heads are worth. "Taken away" means what --ablate says.
struct HeadScores {
  std::vector<double> effect;         ///< [N] margin of the target minus that without the head
  std::vector<std::uint8_t> flips;    ///< [N] whether the best class changes without the head
  double effect_of_all = 0;           ///< margin minus that without all heads
  bool flips_without_all = false;     ///< the best class changes without all heads
  std::vector<std::int32_t> removed;  ///< heads that go, least missed first, while the best class
                                      ///< stays
  std::vector<double> margins;        ///< of the target, after each of them went
};

/// Value-weighted attribution phi of the last layer, and its length.
struct ValueScores {
  double rank_correlation = 0;         ///< Spearman's, of phi with the mean map
  double length_rank_correlation = 0;  ///< of the lengths with the mean map
  double negative_share = 0;           ///< of the sum of |phi|: what speaks against the target
  double completeness_error = 0;       ///< |sum phi - g (o - b_O)|, relative
  std::vector<float> map;              ///< phi, [h, w]; empty unless wanted
};

/// A map of the partly randomized network beside the original one.
struct StageScores {
  double rank_correlation = 0;  ///< Spearman's
  double cosine = 0;
  double box_mass = std::numeric_limits<double>::quiet_NaN();  ///< NaN without a box
};
struct RandomizationScores {
  double uniform_cosine = 0;  ///< of the original with the uniform map: what says nothing
  double box_uniform = std::numeric_limits<double>::quiet_NaN();  ///< box mass of the uniform map
  std::vector<StageScores> stages;                                ///< as randomization_stages()
};

struct ModelSampleScores {
  std::int64_t sample_id = 0;
  std::int32_t label = -1;      ///< -1 = unknown
  std::int32_t predicted = -1;  ///< best class
  std::int32_t target = -1;     ///< whose evidence is looked at; -1 = none: label unknown
  std::vector<float> logits;    ///< [K], of the unchanged picture
  std::optional<SampleCurves> curves;
  std::optional<HeadScores> heads;
  std::optional<ValueScores> values;
  std::optional<RandomizationScores> randomization;
};

/// Exact: numbers come back bit for bit, NaN as null.
nlohmann::ordered_json to_json(const ModelSampleScores& scores);
/// @throws nlohmann::json::exception, DataError if it is no such object
ModelSampleScores model_sample_scores(const nlohmann::ordered_json& json);

}  // namespace intr
