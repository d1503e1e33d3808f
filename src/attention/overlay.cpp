// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "intr/attention/clean_style.h"
#include "intr/attention/figure.h"
#include "intr/attention/picture_names.h"
#include "intr/attention/reference_style.h"
#include "intr/attention/selection.h"
#include "intr/attention/verdict.h"
#include "intr/core/error.h"
#include "intr/image/display.h"
#include "intr/image/encode.h"

namespace intr {

namespace {

constexpr std::int64_t kLeastSide = 280;  // smaller pictures show nothing to the eye
constexpr std::int64_t kStripSide = 320;
constexpr Color kRight = {46, 139, 87};
constexpr Color kWrong = {200, 50, 47};
constexpr Color kUnknown = {130, 130, 130};

std::int64_t find_head(const DumpFacts& facts, std::string_view text) {
  std::int32_t head = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, head);
  if (error != std::errc() || stop != end || head < 0)
    throw UsageError(fmt::format("'{}' is none of: mean, all, numbers joined by commas", text),
                     "--head");
  const auto found = std::find(facts.heads.begin(), facts.heads.end(), head);
  if (found == facts.heads.end())
    throw UsageError(
        fmt::format("head {} is not in the dump, whose model has {} heads", head, facts.head_total),
        "--head", "dump again with intr-attend --heads all, or choose another");
  return found - facts.heads.begin();
}

std::vector<std::int64_t> all_heads(const DumpFacts& facts) {
  std::vector<std::int64_t> heads;
  for (std::int64_t i = 0; i < facts.num_heads(); ++i)
    if (facts.heads[static_cast<std::size_t>(i)] != kHeadMean) heads.push_back(i);
  return heads;
}

std::vector<std::int64_t> find_heads(const DumpFacts& facts, const OverlayOptions& options) {
  std::vector<std::int64_t> heads;
  if (options.layout == "strip" || options.head == "mean") heads.push_back(kHeadMean);
  if (options.layout == "strip" || options.head == "all") {
    const std::vector<std::int64_t> single = all_heads(facts);
    heads.insert(heads.end(), single.begin(), single.end());
  }
  if (heads.empty()) {
    std::string_view rest = options.head;
    while (true) {
      const std::size_t comma = rest.find(',');
      heads.push_back(find_head(facts, rest.substr(0, comma)));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return heads;
}

/// What names the class in "CLASS" or "class:CLASS"; the latter reaches classes named like a word
/// of this option.
std::string class_term(const DumpFacts& facts, const std::string& query) {
  constexpr std::string_view kPrefix = "class:";
  const bool is_name =
      std::find(facts.classes.begin(), facts.classes.end(), query) != facts.classes.end();
  return query.starts_with(kPrefix) && !is_name ? query.substr(kPrefix.size()) : query;
}

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

MapField field_named(const std::string& map) {
  return map == "rollout" ? MapField::kRollout : map == "value" ? MapField::kValue : MapField::kMap;
}

/// Refuses a field that the dump does not hold.
MapField find_field(const DumpFacts& facts, const std::string& map) {
  const MapField field = field_named(map);
  const std::vector<MapField> stored = facts.fields();
  if (std::find(stored.begin(), stored.end(), field) == stored.end())
    throw UsageError(
        fmt::format("the dump holds no {} maps", map), "--map",
        fmt::format("dump again with intr-attend {}",
                    field == MapField::kValue ? "--values norm" : "--encoder rollout"));
  return field;
}

}  // namespace

std::vector<std::byte> encode_picture(const Image& image, const OverlayOptions& options) {
  return options.format == "jpeg" ? encode_jpeg(image, static_cast<int>(options.quality))
                                  : encode_png(image);
}

std::string picture_extension(const OverlayOptions& options) {
  return options.format == "jpeg" ? "jpg" : "png";
}

OverlayDrawer::OverlayDrawer(const DumpFacts& facts, const OverlayOptions& options)
    : facts_(facts),
      options_(options),
      palette_(palette_named(options.map == "contrast" ? "diverging" : options.palette)),
      layer_(find_layer(facts, options.layer)),
      heads_(find_heads(facts, options)),
      field_(find_field(facts, options.map)) {
  validate(options);
  const std::vector<std::string> names = {"true", "predicted", "runner-up", "all"};
  if (std::find(names.begin(), names.end(), options.query) == names.end())
    query_class_ = find_class(facts.classes, class_term(facts, options.query), "query");
}

/// The one query that the options name. @throws DataError if its maps are not stored
OverlayDrawer::Query OverlayDrawer::named_query(const DumpSample& sample) const {
  const Verdict verdict = judge(sample);
  Query query;
  query.name = query_class_ >= 0 ? fmt::format("class{}", query_class_) : options_.query;
  query.class_index = query_class_ >= 0               ? query_class_
                      : options_.query == "predicted" ? verdict.predicted
                      : options_.query == "runner-up" ? verdict.runner_up
                                                      : sample.label;
  if (query.class_index < 0 && options_.query == "true") {
    query.name = "predicted";  // a sample without a label
    query.class_index = verdict.predicted;
  }
  query.slot = slot_of_class(sample, query.class_index);
  if (query.slot < 0)
    throw DataError(
        fmt::format("the dump holds no map of the query '{}' of this sample", options_.query),
        fmt::format("sample {}", sample.sample_id),
        query_class_ >= 0
            ? fmt::format("dump again with intr-attend --queries true,top:5,class:{}", query_class_)
            : "dump again with intr-attend --queries true,top:5");
  return query;
}

/// The best class other than the query's: what its maps are compared with.
void OverlayDrawer::choose_other(const DumpSample& sample, Query& query) const {
  const auto other = std::find_if(sample.top_class.begin(), sample.top_class.end(),
                                  [&](std::int32_t of) { return of != query.class_index; });
  query.other_class = other == sample.top_class.end() ? -1 : *other;
  query.other_slot = query.other_class < 0 ? -1 : slot_of_class(sample, query.other_class);
  if (query.other_slot < 0)
    throw DataError("the dump holds no map of another class to compare with",
                    fmt::format("sample {}", sample.sample_id),
                    "dump again with intr-attend --queries true,top:5");
}

std::vector<OverlayDrawer::Query> OverlayDrawer::queries_of(const DumpSample& sample) const {
  std::vector<Query> queries;
  if (field_ == MapField::kValue) {  // the same for all queries
    queries.push_back({});
  } else if (options_.query == "all") {
    for (std::int64_t slot = 0; slot < std::ssize(sample.query); ++slot) {
      const std::int32_t of = sample.query[static_cast<std::size_t>(slot)];
      queries.push_back({fmt::format("class{}", of), slot, of});
    }
  } else {
    queries.push_back(named_query(sample));
  }
  if (options_.map == "contrast")
    for (Query& query : queries) choose_other(sample, query);
  return queries;
}

/// Such as "true-mean", "true-contrast-strip", "value-head3".
std::string OverlayDrawer::picture_name(const Query& query, const std::string& rest) const {
  if (options_.map == "attention") return query.name + "-" + rest;
  return query.name + (query.name.empty() ? "" : "-") + options_.map + "-" + rest;
}

std::string OverlayDrawer::caption_of_query(const Query& query) const {
  if (field_ == MapField::kValue) return "length of value vectors";
  std::string text =
      fmt::format("query: {} ({})", class_name(facts_, query.class_index), query.name);
  if (options_.map == "contrast") text += " minus " + class_name(facts_, query.other_class);
  if (options_.map == "rollout") text += ", through the encoder";
  return text;
}

std::string OverlayDrawer::head_name(std::int64_t head) const {
  if (head == kHeadMean) return "mean";
  return fmt::format("head{}", facts_.heads[static_cast<std::size_t>(head)]);
}

std::vector<std::string> OverlayDrawer::names(const DumpSample& sample) const {
  std::vector<std::string> names;
  for (const Query& query : queries_of(sample)) {
    if (options_.layout == "strip") {
      names.push_back(picture_name(query, "strip"));
      continue;
    }
    for (const std::int64_t head : heads_) names.push_back(picture_name(query, head_name(head)));
  }
  return names;
}

OverlayDrawer::HeadMap OverlayDrawer::head_map(const SampleMaps& maps, const Query& query,
                                               std::int64_t head) const {
  const auto values_of = [&](std::int64_t slot) {
    if (head == kHeadMean) return maps.mean(layer_, slot);
    const std::span<const float> stored = maps.head(layer_, slot, head);
    return std::vector<float>(stored.begin(), stored.end());
  };
  HeadMap map{head == kHeadMean
                  ? "mean of heads"
                  : fmt::format("head {}", facts_.heads[static_cast<std::size_t>(head)]),
              values_of(query.slot)};
  if (query.other_slot >= 0) {
    const std::vector<float> other = values_of(query.other_slot);
    for (std::size_t i = 0; i < other.size(); ++i) map.values[i] -= other[i];
  }
  return map;
}

std::vector<OverlayDrawer::HeadMap> OverlayDrawer::maps_of(const SampleMaps& maps,
                                                           const Query& query) const {
  std::vector<HeadMap> all;
  for (const std::int64_t head : heads_) all.push_back(head_map(maps, query, head));
  return all;
}

/// What a stored value is multiplied with before it is shown: attention counts as a multiple of
/// uniform attention.
double OverlayDrawer::unit(ImageSize grid) const {
  return field_ == MapField::kValue ? 1.0 : static_cast<double>(grid.area());
}

double OverlayDrawer::shared_scale() const {
  if (options_.map == "contrast") return facts_.contrast_p99;
  if (field_ == MapField::kRollout) return facts_.rollout_p99;
  return field_ == MapField::kValue ? facts_.value_p99 : facts_.peak_p99;
}

double OverlayDrawer::scale_of(ImageSize grid, const std::vector<HeadMap>& all,
                               const HeadMap& one) const {
  if (options_.scale == "shared") return shared_scale();
  if (options_.scale.starts_with("fixed:")) {
    double value = 0;
    std::from_chars(options_.scale.data() + 6, options_.scale.data() + options_.scale.size(),
                    value);
    return value;
  }
  const auto peak = [&](const HeadMap& map) {
    float largest = 0;
    for (const float value : map.values) largest = std::max(largest, std::abs(value));
    return largest;
  };
  float largest = peak(one);
  if (options_.scale == "sample")
    for (const HeadMap& map : all) largest = std::max(largest, peak(map));
  return static_cast<double>(largest) * unit(grid);
}

Image OverlayDrawer::shown_photo(const Image& photo) const {
  const std::int64_t longest = std::max(photo.size.height, photo.size.width);
  std::int64_t side = options_.long_side;
  if (side == 0) {
    // Small pictures grow by a whole factor, which keeps their pixels square.
    side = longest >= kLeastSide ? longest : longest * ((kLeastSide + longest - 1) / longest);
    if (options_.layout == "strip") side = std::min(side, std::max(kStripSide, kLeastSide));
  }
  return side == longest ? photo : scaled_for_display(photo, side);
}

Image OverlayDrawer::overlay(const DumpSample& sample, const Image& photo, const HeadMap& map,
                             double scale) const {
  const CellGrid grid = make_cell_grid(sample.grid, sample.resized_size, facts_.stride,
                                       geometry_named(options_.geometry));
  const CleanStyle style{.palette = palette_,
                         .scale = scale,
                         .opacity = options_.opacity,
                         .signed_values = options_.map == "contrast",
                         .interpolation = interpolation_named(options_.interpolation)};
  std::vector<float> values = map.values;
  const auto factor = static_cast<float>(unit(sample.grid));
  for (float& value : values) value *= factor;
  return draw_clean_overlay(photo, values, grid, style);
}

Image OverlayDrawer::figure(const DumpSample& sample, const Query& query, const Image& photo,
                            const std::vector<HeadMap>& all,
                            const std::vector<HeadMap>& shown) const {
  const bool turned = options_.upright && sample.orientation_applied == 0;
  const auto finish = [&](Image image) {
    return turned ? upright(std::move(image), sample.orientation) : image;
  };
  std::vector<Tile> tiles;
  if (options_.layout != "single") tiles.push_back({finish(photo), "photo"});
  double scale = 0;
  for (const HeadMap& map : shown) {
    scale = scale_of(sample.grid, all, map);
    tiles.push_back({finish(overlay(sample, photo, map, scale)), map.label});
  }
  if (!options_.caption) {
    std::vector<Image> pictures;
    for (Tile& tile : tiles) pictures.push_back(std::move(tile.picture));
    return concatenate(pictures, 0);
  }
  const Caption caption = caption_of(facts_, sample, caption_of_query(query));
  const std::string end = field_ == MapField::kValue ? fmt::format("{:.3g}", scale)
                                                     : fmt::format("{:.3g} x uniform", scale);
  const ColorBar bar{palette_, options_.map == "contrast" ? "-" + end : "0", end};
  // With a scale of its own for each of several maps no bar is true.
  const bool one_scale = options_.scale != "map" || shown.size() == 1;
  return compose_figure(tiles, caption, one_scale ? &bar : nullptr);
}

std::vector<NamedPicture> OverlayDrawer::draw(const DumpSample& sample, const SampleMaps& maps,
                                              const Image& photo) const {
  std::vector<NamedPicture> pictures;
  const bool reference = options_.style == "reference";
  const Image base = reference ? reduce_for_reference(photo) : shown_photo(photo);
  const auto reference_row = [&](const std::vector<HeadMap>& shown) {
    std::vector<Image> row;
    if (options_.layout != "single") row.push_back(base);
    for (const HeadMap& map : shown)
      row.push_back(draw_reference_overlay(photo, map.values, sample.grid).picture);
    const Image joined = concatenate(row, 0);
    return options_.long_side == 0 ? joined : scaled_for_display(joined, options_.long_side);
  };
  for (const Query& query : queries_of(sample)) {
    const std::vector<HeadMap> all = maps_of(maps, query);
    const auto picture_of = [&](const std::vector<HeadMap>& shown) {
      return reference ? reference_row(shown) : figure(sample, query, base, all, shown);
    };
    if (options_.layout == "strip") {
      pictures.push_back({picture_name(query, "strip"), picture_of(all)});
      continue;
    }
    for (std::size_t i = 0; i < all.size(); ++i)
      pictures.push_back({picture_name(query, head_name(heads_[i])), picture_of({all[i]})});
  }
  return pictures;
}

}  // namespace intr
