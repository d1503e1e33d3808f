// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/reference_tree.h"

#include <fmt/format.h>

#include "intr/attention/figure.h"
#include "intr/attention/reference_stems.h"
#include "intr/attention/reference_style.h"
#include "intr/attention/verdict.h"

namespace intr {

namespace {

OverlayOptions of_true_class(OverlayOptions options) {
  validate(options);
  options.query = "true";
  return options;
}

}  // namespace

ReferenceTree::ReferenceTree(const MapReader& reader, const OverlayOptions& options)
    : stems_(reference_stems(reader)),
      maps_(reader.facts(), options),
      true_query_(reader.facts(), of_true_class(options)),
      with_similar_(options.query == "all") {}

/// A folder with the photo and all of it joined.
ReferenceTree::Folder ReferenceTree::folder(const DumpSample& sample,
                                            const std::string& path) const {
  return {{},
          fmt::format("{}/{}.png", path, stems_.at(sample.sample_id)),
          fmt::format("{}/concatenated_{}.png", path, judge(sample).right ? "True" : "False")};
}

std::vector<ReferenceTree::Folder> ReferenceTree::plan(const DumpSample& sample) const {
  const std::string top = fmt::format("visualization/{}/", stems_.at(sample.sample_id));
  const auto result_of = [&](std::int64_t head) {
    return head == kHeadMean ? "avg_head" : fmt::format("result_{}", maps_.numbered_name(head));
  };
  Folder heads = folder(sample, top + "heads");
  const std::int64_t slot = true_query_.of(sample).front().slot;
  // The mean comes first among the chosen heads, and last in the published row.
  std::vector<std::int64_t> order(maps_.heads().begin() + 1, maps_.heads().end());
  order.push_back(kHeadMean);
  for (const std::int64_t head : order)
    heads.overlays.push_back({fmt::format("{}heads/{}.png", top, result_of(head)), slot, head});
  std::vector<Folder> folders = {heads};
  if (!with_similar_) return folders;
  for (const std::int64_t head : maps_.heads()) {
    const bool mean = head == kHeadMean;
    const std::string path = top + (mean ? "head_avg" : maps_.numbered_name(head));
    Folder similar = mean ? Folder{} : folder(sample, path);
    for (const OverlayQuery& query : stored_queries(sample))
      similar.overlays.push_back(
          {fmt::format("{}/{}_{}.png", path, mean ? "avg_head" : "result_query", query.class_index),
           query.slot, head});
    folders.push_back(similar);
  }
  return folders;
}

std::vector<std::string> ReferenceTree::paths(const DumpSample& sample) const {
  std::vector<std::string> paths;
  for (const Folder& folder : plan(sample)) {
    if (!folder.photo.empty()) paths.push_back(folder.photo);
    for (const Entry& entry : folder.overlays) paths.push_back(entry.path);
    if (!folder.joined.empty()) paths.push_back(folder.joined);
  }
  return paths;
}

std::vector<NamedPicture> ReferenceTree::draw(const DumpSample& sample, const SampleMaps& maps,
                                              const Image& photo) const {
  const Image reduced = reduce_for_reference(photo);
  std::vector<NamedPicture> pictures;
  for (const Folder& folder : plan(sample)) {
    std::vector<Image> row;
    if (!folder.photo.empty()) {
      pictures.push_back({folder.photo, reduced});
      row.push_back(reduced);
    }
    for (const Entry& entry : folder.overlays) {
      row.push_back(
          draw_reference_overlay(reduced, maps_.stored(maps, entry.slot, entry.head), sample.grid)
              .picture);
      pictures.push_back({entry.path, row.back()});
    }
    if (!folder.joined.empty()) pictures.push_back({folder.joined, concatenate(row, 0)});
  }
  return pictures;
}

}  // namespace intr
