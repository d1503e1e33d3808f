// SPDX-License-Identifier: Apache-2.0
#include "preprocess/set_statistics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>

#include "preprocess/sample_facts.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
using Numbers = std::vector<std::int64_t>;

Numbers numbers_of(const DataIndex& index,
                   const std::function<std::int64_t(std::int64_t row)>& number) {
  Numbers numbers(static_cast<std::size_t>(index.size()));
  for (std::int64_t row = 0; row < index.size(); ++row)
    numbers[static_cast<std::size_t>(row)] = number(row);
  return numbers;
}

Json class_counts(const DataIndex& index) {
  Numbers counts(index.classes().size(), 0);
  for (std::int64_t row = 0; row < index.size(); ++row)
    ++counts[static_cast<std::size_t>(index.label(row))];
  Json per_class = Json::object();
  for (std::size_t label = 0; label < counts.size(); ++label)
    per_class[index.classes()[label]] = counts[label];
  return {{"count", counts.size()},
          {"empty", std::count(counts.begin(), counts.end(), 0)},
          {"samples", spread_of(counts)},
          {"each", per_class}};
}

/// How often each word occurs, the most frequent first; equals in order of appearance.
class WordCounts {
 public:
  void add(const std::string& word) {
    for (auto& [known, count] : counts_)
      if (known == word) return void(++count);
    counts_.emplace_back(word, 1);
  }
  Json json() {
    std::stable_sort(counts_.begin(), counts_.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    Json result = Json::object();
    for (const auto& [word, count] : counts_) result[word] = count;
    return result;
  }

 private:
  std::vector<std::pair<std::string, std::int64_t>> counts_;  ///< of a dozen words at most
};

std::int64_t num_boxes(const SampleColumns& columns) {
  std::int64_t boxes = 0;
  for (std::size_t i = 0; i < columns.box.size(); i += 4)
    boxes += std::isnan(columns.box[i]) ? 0 : 1;
  return boxes;
}

}  // namespace

Json spread_of(Numbers numbers) {
  if (numbers.empty()) return {};
  std::sort(numbers.begin(), numbers.end());
  const std::size_t middle = numbers.size() / 2;
  double median = static_cast<double>(numbers[middle]);
  if (numbers.size() % 2 == 0) median = (median + static_cast<double>(numbers[middle - 1])) / 2;
  const auto sum = std::accumulate(numbers.begin(), numbers.end(), std::int64_t{0});
  return {{"min", numbers.front()},
          {"median", median},
          {"mean", static_cast<double>(sum) / static_cast<double>(numbers.size())},
          {"max", numbers.back()}};
}

Json split_statistics(const DataIndex& index) {
  const Numbers bytes = numbers_of(
      index, [&](std::int64_t row) { return static_cast<std::int64_t>(index.length(row)); });
  WordCounts codecs, modes, orientations, flags;
  for (std::int64_t row = 0; row < index.size(); ++row) {
    codecs.add(codec_word(index.codec(row)));
    modes.add(mode_word(index.mode(row)));
    if (index.orientation(row) > 1) orientations.add(std::to_string(index.orientation(row)));
    for (const std::string& flag : flag_names(index.flags(row))) flags.add(flag);
  }
  const auto area = [&](std::int64_t row) { return index.image_size(row).area(); };
  const auto width = [&](std::int64_t row) { return index.image_size(row).width; };
  const auto height = [&](std::int64_t row) { return index.image_size(row).height; };
  return {{"samples", index.size()},
          {"bytes", std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0})},
          {"shards", index.shards().size()},
          {"classes", class_counts(index)},
          {"bytes_each", spread_of(bytes)},
          {"width", spread_of(numbers_of(index, width))},
          {"height", spread_of(numbers_of(index, height))},
          {"pixels_each", spread_of(numbers_of(index, area))},
          {"codecs", codecs.json()},
          {"modes", modes.json()},
          {"orientations", orientations.json()},
          {"flags", flags.json()},
          {"boxes", num_boxes(index.columns())},
          {"parts", index.columns().part_names.size()}};
}

}  // namespace intr
