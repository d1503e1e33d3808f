// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "intr/image/image.h"

namespace intr {

/// A class that is listed for a picture.
struct ClassScore {
  std::int32_t index = 0;
  std::int64_t rank = 0;  ///< among all classes; 1 = best
  double score = 0;       ///< softmax over all classes
  float logit = 0;
};

/// What is said of one picture file.
struct Prediction {
  std::string path;
  std::string error;             ///< why nothing else is said; empty if there is a prediction
  ImageSize size;                ///< as stored
  std::uint8_t orientation = 0;  ///< EXIF tag, 0 = none; the network sees the picture as stored
  std::uint64_t hash = 0;        ///< XXH3-64 of the file
  std::vector<ClassScore> classes;
  double margin = 0;          ///< logit of the best minus that of the second; 0 for one class
  double entropy = 0;         ///< of the softmax, in nats
  std::vector<float> logits;  ///< of every class, if they are wanted
  std::vector<std::string> figures;  ///< files that were drawn
};

/// Fills in what follows from the logits, computed in double.
/// @param top   how many best classes are listed, best first; equal logits by number
/// @param asked classes that are listed behind them if they are not among them
void score_classes(std::span<const float> logits, std::int64_t top,
                   const std::vector<std::int32_t>& asked, Prediction& prediction);

/// One object: path, then what is said of it, or `error`. Logits hold all their digits.
nlohmann::ordered_json prediction_json(const Prediction& prediction,
                                       const std::vector<std::string>& classes);
/// One line for each listed class, under a header line. Files without a prediction have none.
std::string predictions_csv(const std::vector<Prediction>& predictions,
                            const std::vector<std::string>& classes);
/// Several lines for people.
std::string prediction_text(const Prediction& prediction, const std::vector<std::string>& classes);

}  // namespace intr
