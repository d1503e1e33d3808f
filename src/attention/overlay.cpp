// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/overlay.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

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

Caption caption_of(const DumpFacts& facts, const DumpSample& sample, const std::string& query_name,
                   std::int32_t query_class) {
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
  caption.detail += fmt::format(" | query: {} ({})", class_name(facts, query_class), query_name);
  caption.mark = !verdict.labeled ? kUnknown : verdict.right ? kRight : kWrong;
  return caption;
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
      palette_(palette_named(options.palette)),
      layer_(find_layer(facts, options.layer)),
      heads_(find_heads(facts, options)) {
  validate(options);
  const std::vector<std::string> names = {"true", "predicted", "runner-up", "all"};
  if (std::find(names.begin(), names.end(), options.query) == names.end())
    query_class_ = find_class(facts.classes, class_term(facts, options.query), "query");
}

std::vector<OverlayDrawer::Query> OverlayDrawer::queries_of(const DumpSample& sample) const {
  std::vector<Query> queries;
  const Verdict verdict = judge(sample);
  if (options_.query == "all") {
    for (std::int64_t slot = 0; slot < std::ssize(sample.query); ++slot) {
      const std::int32_t of = sample.query[static_cast<std::size_t>(slot)];
      queries.push_back({fmt::format("class{}", of), slot, of});
    }
    return queries;
  }
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
  queries.push_back(query);
  return queries;
}

std::string OverlayDrawer::head_name(std::int64_t head) const {
  if (head == kHeadMean) return "mean";
  return fmt::format("head{}", facts_.heads[static_cast<std::size_t>(head)]);
}

std::vector<std::string> OverlayDrawer::names(const DumpSample& sample) const {
  std::vector<std::string> names;
  for (const Query& query : queries_of(sample)) {
    if (options_.layout == "strip") {
      names.push_back(query.name + "-strip");
      continue;
    }
    for (const std::int64_t head : heads_) names.push_back(query.name + "-" + head_name(head));
  }
  return names;
}

OverlayDrawer::HeadMap OverlayDrawer::head_map(const SampleMaps& maps, std::int64_t slot,
                                               std::int64_t head) const {
  if (head == kHeadMean) return {"mean of heads", maps.mean(layer_, slot)};
  const std::span<const float> values = maps.head(layer_, slot, head);
  return {fmt::format("head {}", facts_.heads[static_cast<std::size_t>(head)]),
          {values.begin(), values.end()}};
}

std::vector<OverlayDrawer::HeadMap> OverlayDrawer::maps_of(const SampleMaps& maps,
                                                           std::int64_t slot) const {
  std::vector<HeadMap> all;
  for (const std::int64_t head : heads_) all.push_back(head_map(maps, slot, head));
  return all;
}

double OverlayDrawer::scale_of(const DumpSample& sample, const std::vector<HeadMap>& all,
                               const HeadMap& one) const {
  if (options_.scale == "shared") return facts_.peak_p99;
  if (options_.scale.starts_with("fixed:")) {
    double value = 0;
    std::from_chars(options_.scale.data() + 6, options_.scale.data() + options_.scale.size(),
                    value);
    return value;
  }
  const auto peak = [&](const HeadMap& map) {
    return *std::max_element(map.values.begin(), map.values.end());
  };
  float largest = peak(one);
  if (options_.scale == "sample")
    for (const HeadMap& map : all) largest = std::max(largest, peak(map));
  return static_cast<double>(largest) * static_cast<double>(sample.grid.area());
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
  const CleanStyle style{palette_, scale, options_.opacity,
                         interpolation_named(options_.interpolation)};
  return draw_clean_overlay(photo, map.values, grid, style);
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
    scale = scale_of(sample, all, map);
    tiles.push_back({finish(overlay(sample, photo, map, scale)), map.label});
  }
  if (!options_.caption) {
    std::vector<Image> pictures;
    for (Tile& tile : tiles) pictures.push_back(std::move(tile.picture));
    return concatenate(pictures, 0);
  }
  const Caption caption = caption_of(facts_, sample, query.name, query.class_index);
  const ColorBar bar{palette_, scale};
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
    const std::vector<HeadMap> all = maps_of(maps, query.slot);
    const auto picture_of = [&](const std::vector<HeadMap>& shown) {
      return reference ? reference_row(shown) : figure(sample, query, base, all, shown);
    };
    if (options_.layout == "strip") {
      pictures.push_back({query.name + "-strip", picture_of(all)});
      continue;
    }
    for (std::size_t i = 0; i < all.size(); ++i)
      pictures.push_back({query.name + "-" + head_name(heads_[i]), picture_of({all[i]})});
  }
  return pictures;
}

}  // namespace intr
