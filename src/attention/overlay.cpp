// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay.h"

#include <fmt/format.h>

#include "intr/attention/figure.h"
#include "intr/attention/overlay_caption.h"
#include "intr/attention/picture_names.h"
#include "intr/attention/reference_style.h"
#include "intr/core/error.h"
#include "intr/image/display.h"

namespace intr {

namespace {

OverlayOptions validated(const OverlayOptions& options) {
  validate(options);
  if (options.layout == "reference")
    throw UsageError("the published tree is of a whole dump", "--layout",
                     "use intr-render overlays");
  return options;
}

}  // namespace

OverlayDrawer::OverlayDrawer(const DumpFacts& facts, const OverlayOptions& options)
    : facts_(&facts),
      options_(validated(options)),
      maps_(facts, options),
      queries_(facts, options),
      figure_(facts, options, maps_.field()) {}

/// With a name such as "true-mean", "true-contrast-strip", "value-head3".
OverlayDrawer::Planned OverlayDrawer::planned(const OverlayQuery& query, const std::string& rest,
                                              const std::vector<std::int64_t>& heads) const {
  const std::string map = options_.map == "attention" ? "" : options_.map + "-";
  const std::string name = query.name.empty() ? map + rest : query.name + "-" + map + rest;
  return {name, {query}, heads};
}

std::vector<OverlayDrawer::Planned> OverlayDrawer::plan(const DumpSample& sample) const {
  const std::vector<OverlayQuery> queries = queries_.of(sample);
  if (options_.layout == "grid") {
    OverlayQuery named = queries.front();
    if (options_.query == "all" && !named.name.empty()) named.name = "all";
    Planned grid = planned(named, "grid", maps_.heads());
    grid.queries = queries;
    return {grid};
  }
  std::vector<Planned> pictures;
  for (const OverlayQuery& query : queries) {
    if (options_.layout == "strip") {
      pictures.push_back(planned(query, "strip", maps_.heads()));
      continue;
    }
    const std::string kind = options_.layout == "contrast" ? "compared-" : "";
    for (const std::int64_t head : maps_.heads())
      pictures.push_back(planned(query, kind + maps_.short_name(head), {head}));
  }
  return pictures;
}

std::vector<std::string> OverlayDrawer::names(const DumpSample& sample) const {
  std::vector<std::string> names;
  for (const Planned& picture : plan(sample)) names.push_back(picture.name);
  return names;
}

MapRow OverlayDrawer::row_of(const SampleMaps& maps, const OverlayQuery& query,
                             const std::vector<std::int64_t>& heads) const {
  MapRow row;
  for (const std::int64_t head : heads)
    if (options_.layout == "contrast")
      append_comparison(row.maps, maps, query, head);
    else
      row.maps.push_back(maps_.map(maps, query, head));
  if (options_.layout == "grid") row.title = text_of_query(*facts_, options_, query);
  return row;
}

/// The query's map, that of the best other class, and what the former has more.
void OverlayDrawer::append_comparison(std::vector<ShownMap>& row, const SampleMaps& maps,
                                      const OverlayQuery& query, std::int64_t head) const {
  std::vector<float> own = maps_.stored(maps, query.slot, head);
  std::vector<float> other = maps_.stored(maps, query.other_slot, head);
  std::vector<float> difference = difference_of(own, other);
  row.push_back({class_name(*facts_, query.class_index), std::move(own)});
  row.push_back({class_name(*facts_, query.other_class), std::move(other)});
  row.push_back({"difference: red = more for the first", std::move(difference), true});
}

std::string OverlayDrawer::text_of(const Planned& picture) const {
  const OverlayQuery& query = picture.queries.front();
  if (options_.layout == "grid" && picture.queries.size() > 1)
    return fmt::format("{} queries, a row each", picture.queries.size());
  const std::string text = text_of_query(*facts_, options_, query);
  if (options_.layout != "contrast") return text;
  return fmt::format("{} against {}, {}", text, class_name(*facts_, query.other_class),
                     maps_.label(picture.heads.front()));
}

Image OverlayDrawer::clean_picture(const DumpSample& sample, const SampleMaps& maps,
                                   const Image& shown, const Planned& picture) const {
  std::vector<MapRow> rows;
  std::vector<ShownMap> measured;
  for (const OverlayQuery& query : picture.queries) {
    rows.push_back(row_of(maps, query, picture.heads));
    if (options_.scale != "sample") continue;
    // The scale of a sample holds for all its heads, whichever a picture shows.
    for (ShownMap& map : row_of(maps, query, maps_.heads()).maps)
      measured.push_back(std::move(map));
  }
  return figure_.compose(sample, shown, rows, measured, text_of(picture));
}

/// In the published style, without any text.
Image OverlayDrawer::reference_picture(const DumpSample& sample, const SampleMaps& maps,
                                       const Image& shown, const Planned& picture) const {
  std::vector<Image> row;
  if (options_.layout != "single") row.push_back(shown);
  for (const ShownMap& map : row_of(maps, picture.queries.front(), picture.heads).maps)
    row.push_back(draw_reference_overlay(shown, map.values, sample.grid).picture);
  const Image joined = concatenate(row, 0);
  return options_.long_side == 0 ? joined : scaled_for_display(joined, options_.long_side);
}

std::vector<NamedPicture> OverlayDrawer::draw(const DumpSample& sample, const SampleMaps& maps,
                                              const Image& photo) const {
  const bool reference = options_.style == "reference";
  const Image shown = reference ? reduce_for_reference(photo) : figure_.shown_photo(photo);
  std::vector<NamedPicture> pictures;
  for (const Planned& picture : plan(sample))
    pictures.push_back({picture.name, reference ? reference_picture(sample, maps, shown, picture)
                                                : clean_picture(sample, maps, shown, picture)});
  return pictures;
}

}  // namespace intr
