// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay_caption.h"

#include <fmt/format.h>

#include "intr/attention/picture_names.h"
#include "intr/attention/verdict.h"

namespace intr {

namespace {

constexpr Color kRight = {46, 139, 87};
constexpr Color kWrong = {200, 50, 47};
constexpr Color kUnknown = {130, 130, 130};

}  // namespace

Caption caption_of(const DumpFacts& facts, const DumpSample& sample, const std::string& shown) {
  const Verdict verdict = judge(sample);
  Caption caption;
  const std::string predicted = class_name(facts, verdict.predicted);
  if (!verdict.labeled)
    caption.title = fmt::format("predicted {}", predicted);
  else if (verdict.right)
    caption.title = fmt::format("{}: right", predicted);
  else
    caption.title = fmt::format("{}: taken for {}", class_name(facts, sample.label), predicted);
  caption.detail =
      fmt::format("p {:.1f} %, margin {:.2f}", 100 * verdict.probability, verdict.margin);
  if (verdict.labeled && !verdict.right)
    caption.detail += fmt::format(", true class on rank {}", sample.true_rank + 1);
  caption.detail += " | " + shown;
  caption.mark = !verdict.labeled ? kUnknown : verdict.right ? kRight : kWrong;
  return caption;
}

std::string text_of_query(const DumpFacts& facts, const OverlayOptions& options,
                          const OverlayQuery& query) {
  if (options.map == "value") return "length of value vectors";
  if (facts.is_signed)
    return fmt::format("attribution to {} ({})", class_name(facts, query.class_index), query.name);
  std::string text =
      fmt::format("query: {} ({})", class_name(facts, query.class_index), query.name);
  if (options.map == "contrast") text += " minus " + class_name(facts, query.other_class);
  if (options.map == "rollout") text += ", through the encoder";
  return text;
}

}  // namespace intr
