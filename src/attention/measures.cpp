// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/measures.h"

namespace intr {

namespace {

constexpr std::int64_t kFirst = 1;  // version of all definitions below
constexpr bool kNotSummarized = false;

constexpr std::array kMapFacts = {
    MeasureFacts{"entropy", "entropy", "nats", "E = -sum a ln a"},
    MeasureFacts{"entropy_normalized", "normalized entropy", "", "E / ln S"},
    MeasureFacts{"effective_area", "effective area", "share", "exp(E) / S"},
    MeasureFacts{"peak", "peak", "share", "max a"},
    MeasureFacts{"peak_uniform", "peak against uniform", "x uniform", "S max a"},
    MeasureFacts{"peak_x", "peak, x", "pixels", "point of the peak's cell", kFirst, kNotSummarized},
    MeasureFacts{"peak_y", "peak, y", "pixels", "point of the peak's cell", kFirst, kNotSummarized},
    MeasureFacts{"center_x", "center of mass, x", "pixels", "m = sum a p", kFirst, kNotSummarized},
    MeasureFacts{"center_y", "center of mass, y", "pixels", "m = sum a p", kFirst, kNotSummarized},
    MeasureFacts{"spread", "spread", "diagonals", "sqrt(sum a |p - m|^2) / picture's diagonal"},
    MeasureFacts{"class_contrast", "class contrast", "",
                 "Jensen-Shannon divergence of the maps of the class and of the best other class, "
                 "divided by ln 2"},
    MeasureFacts{"box_mass", "mass in box", "share", "sum a |tile and box| / |tile|"},
    MeasureFacts{"box_lift", "mass in box against uniform", "x uniform",
                 "mass in box / mass in box of a uniform map"},
    MeasureFacts{"pointing_0", "pointing game", "share", "1 if the peak's point lies in the box"},
    MeasureFacts{"pointing_15", "pointing game, 15 pixels", "share",
                 "1 if the peak's point lies in the box enlarged by 15 source pixels"},
    MeasureFacts{
        "part_coverage", "part coverage", "share",
        "visible parts in the fewest cells that hold --mass (of all heads: in those of any "
        "head) / visible parts"},
    MeasureFacts{"part_chance", "part coverage by chance", "share", "|R| / S", kFirst,
                 kNotSummarized},
    MeasureFacts{"part_lift", "part coverage against chance", "x chance",
                 "part coverage / (|R| / S)"},
    MeasureFacts{"part_distance", "distance to the nearest part", "diagonals",
                 "|peak - nearest visible part| / box's diagonal"},
};
static_assert(kMapFacts.size() == static_cast<std::size_t>(MapMeasure::kCount));

constexpr std::array kSampleFacts = {
    MeasureFacts{"right", "accuracy", "share", "1 if the best class is the true one"},
    MeasureFacts{"probability", "probability of the predicted class", "", "softmax of its logit"},
    MeasureFacts{"margin", "margin of the predicted class", "logits",
                 "best logit - second best logit"},
    MeasureFacts{"class_margin", "margin of the query's class", "logits",
                 "logit of the query's class - logit of the best other class"},
    MeasureFacts{"head_diversity_cosine", "head diversity, cosine", "",
                 "1 - mean cosine over pairs of heads"},
    MeasureFacts{"head_diversity_information", "head diversity, information", "",
                 "[E(mean of heads) - mean of E(head)] / ln N"},
    MeasureFacts{"box_mass_uniform", "mass in box, uniform map", "share",
                 "mean |tile and box| / |tile|", kFirst, kNotSummarized},
    MeasureFacts{"box_mass_center_prior", "mass in box, center prior", "share",
                 "mass in box of a Gaussian about the middle, a quarter of the sides wide", kFirst,
                 kNotSummarized},
    MeasureFacts{"pointing_0_chance", "pointing game by chance", "share",
                 "share of cells that would hit", kFirst, kNotSummarized},
    MeasureFacts{"pointing_15_chance", "pointing game by chance, 15 pixels", "share",
                 "share of cells that would hit", kFirst, kNotSummarized},
};
static_assert(kSampleFacts.size() == static_cast<std::size_t>(SampleMeasure::kCount));

}  // namespace

const MeasureFacts& facts_of(MapMeasure measure) noexcept {
  return kMapFacts[static_cast<std::size_t>(measure)];
}

const MeasureFacts& facts_of(SampleMeasure measure) noexcept {
  return kSampleFacts[static_cast<std::size_t>(measure)];
}

}  // namespace intr
