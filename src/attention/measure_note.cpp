// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/measure_note.h"

#include <algorithm>
#include <array>
#include <span>

namespace intr {

namespace {

struct Note {
  std::string_view name, text;
};

/// By the beginning of an id; the longest one that fits holds.
constexpr std::array kMeasures = {
    Note{"entropy",
         "How widely attention is spread: 0 if one cell has all of it, ln S nats if all S cells "
         "have "
         "the same."},
    Note{"entropy_normalized",
         "Entropy as a share of the most that the grid allows, ln S: 1 is uniform attention. "
         "Comparable between pictures of different sizes."},
    Note{"effective_area",
         "The share of cells that a uniform map of this entropy would cover, from 1/S to 1."},
    Note{"peak", "The weight of the cell that gets most attention."},
    Note{
        "peak_uniform",
        "How many times as much attention the strongest cell gets as it would if all cells had the "
        "same; at least 1."},
    Note{"center", "Mean position of the attention, in pixels of the stored picture."},
    Note{"spread",
         "Root mean square distance of the attention from its center of mass, as a share of the "
         "picture’s diagonal. Two distant spots are spread even if each of them is sharp."},
    Note{
        "head_diversity_cosine",
        "How little the heads’ maps overlap: 0 if all heads have the same map, 1 if no two of them "
        "share a cell."},
    Note{"head_diversity_information",
         "How much the choice of the head says about where attention lies (generalized "
         "Jensen–Shannon divergence, as a share of ln N): 0 if all N heads have the same map, 1 if "
         "they are disjoint."},
    Note{"class_contrast",
         "How much the map of this class differs from that of the strongest other class "
         "(Jensen–Shannon divergence, as a share of ln 2): 0 if they are the same, 1 if disjoint. "
         "Near 0 both queries look at the same places, and the map does not show what tells the "
         "classes apart."},
    Note{"box_mass",
         "The share of attention that lies on the object’s box. A large box catches much of any "
         "map, so compare it with its baselines."},
    Note{"box_lift",
         "Attention in the box divided by what a uniform map has there: above 1 the object gets "
         "more "
         "than its share of the picture."},
    Note{"pointing",
         "How often the strongest cell lies in the object’s box (pointing game). Its baseline is "
         "the "
         "share of cells that would hit."},
    Note{"part_coverage",
         "The share of visible parts that lie in the fewest cells which together hold half of the "
         "attention (or what --mass says)."},
    Note{"part_lift",
         "Part coverage divided by the share of the picture that is covered: above 1 the cells are "
         "at parts more often than cells taken at random."},
    Note{"part_distance",
         "Distance from a head’s strongest cell to the nearest visible part, as a share of the "
         "box’s "
         "diagonal; smaller is nearer."},
    Note{"part_focus",
         "Whether a head is always nearest to the same part: 1 if it is, 0 if it is near all parts "
         "equally often."},
    Note{"part_consistency",
         "The share of pairs of a class and a head in which the head’s peak lies at one and the "
         "same "
         "part in at least 80 % of the class’s pictures that show it (after EvalProtoPNet)."},
    Note{"right", "The share of labeled samples whose best class is the true one."},
    Note{"probability", "What the model itself says about being right: see calibration."},
    Note{"margin",
         "How far the best class leads the second one. It says more than the probability where the "
         "softmax is flat."},
    Note{"class_margin",
         "Above 0 the model decides for the query’s class, below 0 for another one."},
    Note{"calibration_error",
         "How far the probability of the predicted class is from how often it is right, on average "
         "over samples (Guo et al., 2017): 0 if of all samples with 70 % exactly 70 % are right, "
         "and "
         "so on."},
    Note{"deletion_probability",
         "Area under the curve of the target’s probability while the picture is blanked cell by "
         "cell, the map’s strongest first. Smaller is better: the evidence was where the map says. "
         "Never read it alone: a softmax can hide or exaggerate what happens to the logits."},
    Note{"deletion_margin",
         "Area under the deletion curve of the margin, the target’s logit minus that of the best "
         "other class. Smaller is better."},
    Note{"deletion_probability_normalized",
         "Area under the deletion curve of the probability, counted from the blank picture (0) to "
         "the whole one (1). Smaller is better."},
    Note{"deletion_margin_normalized",
         "Area under the deletion curve of the margin, counted from the blank picture (0) to the "
         "whole one (1). Smaller is better; 0.5 is what a steady fall has."},
    Note{"insertion_probability",
         "Area under the curve of the target’s probability while a blurred picture gets its cells "
         "back, the map’s strongest first. Larger is better."},
    Note{"insertion_margin", "Area under the insertion curve of the margin. Larger is better."},
    Note{"insertion_probability_normalized",
         "Area under the insertion curve of the probability, counted from the blurred picture (0) "
         "to the whole one (1). Larger is better."},
    Note{"insertion_margin_normalized",
         "Area under the insertion curve of the margin, counted from the blurred picture (0) to "
         "the whole one (1). Larger is better; 0.5 is what a steady rise has."},
    Note{"head_effect",
         "What the target’s margin loses when a head’s attention is taken away: above 0 the head "
         "speaks for the class, near 0 it is not needed or others stand in for it, below 0 it "
         "speaks against it."},
    Note{"head_flips", "How often taking a head’s attention away changes the answer."},
    Note{"heads_needed",
         "How many heads are left when the one that is missed least goes again and again until the "
         "next step would change the answer."},
    Note{"head_kept", "How often a head is among those that are left in the end."},
    Note{"value_rank_correlation",
         "Whether the cells with most attention are those that add most to the target’s logit "
         "(Spearman). Attention weighs values; a strong weight on a value that says nothing adds "
         "nothing. 1 is the same order, 0 is unrelated."},
    Note{"value_length_rank_correlation",
         "Whether the cells with most attention are those that change the query most, in whatever "
         "direction (Spearman)."},
    Note{"value_negative_share",
         "The share of what cells contribute that speaks against the target: 0 if all of it speaks "
         "for it. A map of attention alone cannot show this."},
};

constexpr std::array kBaselines = {
    Note{"uniform", "The same measure of a map that gives all cells the same weight."},
    Note{"center_prior",
         "The same measure of a bell curve around the picture’s middle: what knowing that objects "
         "tend to be centered is worth."},
    Note{"chance",
         "What cells that are drawn at random reach: the share of cells that count as hits."},
};

constexpr std::array kOrders = {
    Note{"random", "The same curve with cells in random order: the mean of three orders a sample."},
    Note{"center_prior",
         "The same curve with cells from the picture’s center outwards: what knowing that objects "
         "tend to be centered is worth."},
};

std::string_view text_of(std::span<const Note> notes, const std::string& name) {
  for (const Note& note : notes)
    if (name == note.name) return note.text;
  return {};
}

}  // namespace

std::string_view measure_note(const std::string& id) {
  const Note* best = nullptr;
  for (const Note& note : kMeasures)
    if (id.starts_with(note.name) && (!best || note.name.size() > best->name.size())) best = &note;
  return best ? best->text : std::string_view();
}

std::string_view baseline_note(const std::string& name) { return text_of(kBaselines, name); }

std::string_view order_note(const std::string& name) { return text_of(kOrders, name); }

std::string_view interval_note() {
  return "Intervals of the focus on one part and of the calibration error can lie beside the mean; "
         "those of shares near 0 or 1, such as accuracies, are too narrow.";
}

std::string printed_unit(const std::string& unit) {
  return unit.starts_with("x ") ? "×" + unit.substr(1) : unit;
}

std::string printed_name(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return name;
}

}  // namespace intr
