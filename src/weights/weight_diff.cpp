// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/weight_diff.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <span>

#include "value_conversion.h"

namespace intr {
namespace {

constexpr std::int64_t kBlock = 1 << 16;

/// The tensors of a file under the names by which they are matched, in the file's order.
std::vector<NamedTensor> tensors_of(const WeightFile& file, bool raw_names) {
  if (!raw_names) return name_weights(file).tensors;
  std::vector<NamedTensor> tensors;
  for (std::size_t i = 0; i < file.entries().size(); ++i) {
    const TensorEntry& entry = file.entries()[i];
    tensors.push_back({entry.name, entry.type, entry.shape, {i}});
  }
  return tensors;
}

std::vector<std::byte> bytes_of(const WeightFile& file, const NamedTensor& tensor) {
  std::vector<std::byte> bytes(tensor.bytes());
  read(file, tensor, bytes);
  return bytes;
}

/// The place of the i-th value in row-major order.
std::vector<std::int64_t> index_of(std::int64_t i, const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> index(shape.size());
  for (std::size_t d = shape.size(); d-- > 0; i /= shape[d]) index[d] = i % shape[d];
  return index;
}

/// Follows two tensors of one shape value by value.
class ValueComparison {
 public:
  ValueComparison(const DiffOptions& options, TensorDifference& result)
      : options_(options), result_(result) {}

  void run(std::span<const std::byte> a, std::span<const std::byte> b) {
    const auto item_a = static_cast<std::size_t>(item_size(result_.type_a));
    const auto item_b = static_cast<std::size_t>(item_size(result_.type_b));
    const auto count = static_cast<std::int64_t>(a.size() / item_a);
    for (std::int64_t begin = 0; begin < count; begin += kBlock) {
      const auto from = static_cast<std::size_t>(begin);
      const auto length = static_cast<std::size_t>(std::min(kBlock, count - begin));
      compare_block(begin, a.subspan(from * item_a, length * item_a),
                    b.subspan(from * item_b, length * item_b));
    }
    const double distance = std::sqrt(squares_), norm = std::sqrt(norm_);
    if (distance > 0)
      result_.relative_l2 = norm > 0 ? distance / norm : std::numeric_limits<double>::infinity();
  }

 private:
  void compare_block(std::int64_t begin, std::span<const std::byte> a,
                     std::span<const std::byte> b) {
    const std::vector<double> values_a = as_doubles(a, result_.type_a);
    const std::vector<double> values_b = as_doubles(b, result_.type_b);
    const bool same_type = result_.type_a == result_.type_b;
    const auto item = static_cast<std::size_t>(item_size(result_.type_a));
    for (std::size_t i = 0; i < values_a.size(); ++i) {
      // Large integers are alike as doubles although they differ.
      const bool same_bits = same_type ? std::memcmp(&a[i * item], &b[i * item], item) == 0
                                       : values_a[i] == values_b[i] &&
                                             std::signbit(values_a[i]) == std::signbit(values_b[i]);
      add(begin + static_cast<std::int64_t>(i), values_a[i], values_b[i], same_bits);
    }
  }
  void add(std::int64_t i, double a, double b, bool same_bits) {
    if (std::isfinite(a) && std::isfinite(b)) {
      squares_ += (a - b) * (a - b);
      norm_ += b * b;
    }
    if (same_bits || (std::isnan(a) && std::isnan(b)) || is_close(a, b)) return;
    if (result_.num_different++ == 0) result_.first = index_of(i, result_.shape_a);
    const double distance = std::abs(a - b);
    result_.max_abs = std::max(
        result_.max_abs, std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance);
  }
  bool is_close(double a, double b) const {
    if (options_.rtol == 0 && options_.atol == 0) return false;
    if (a == b) return true;
    return std::isfinite(a) && std::isfinite(b) &&
           std::abs(a - b) <= options_.atol + options_.rtol * std::abs(b);
  }

  const DiffOptions& options_;
  TensorDifference& result_;
  double squares_ = 0;
  double norm_ = 0;
};

/// Nothing if the tensors are alike.
std::optional<TensorDifference> compare(const WeightFile& file_a, const NamedTensor& a,
                                        const WeightFile& file_b, const NamedTensor& b,
                                        const DiffOptions& options) {
  TensorDifference result{
      .name = a.name, .type_a = a.type, .type_b = b.type, .shape_a = a.shape, .shape_b = b.shape};
  if (!result.same_shape()) return result;
  const std::vector<std::byte> bytes_a = bytes_of(file_a, a);
  const std::vector<std::byte> bytes_b = bytes_of(file_b, b);
  const bool same_type = a.type == b.type;
  if (same_type && bytes_a == bytes_b) return {};
  ValueComparison(options, result).run(bytes_a, bytes_b);
  const bool tolerant = options.rtol > 0 || options.atol > 0;
  if ((same_type || tolerant) && result.num_different == 0) return {};
  return result;
}

}  // namespace

WeightDifferences compare_weights(const WeightFile& a, const WeightFile& b,
                                  const DiffOptions& options) {
  const std::vector<NamedTensor> tensors_a = tensors_of(a, options.raw_names);
  const std::vector<NamedTensor> tensors_b = tensors_of(b, options.raw_names);
  std::map<std::string_view, const NamedTensor*> in_b;
  for (const NamedTensor& tensor : tensors_b) in_b.emplace(tensor.name, &tensor);
  WeightDifferences result;
  for (const NamedTensor& tensor : tensors_a) {
    const auto found = in_b.find(tensor.name);
    if (found == in_b.end()) {
      result.only_a.push_back(tensor.name);
      continue;
    }
    auto difference = compare(a, tensor, b, *found->second, options);
    if (difference)
      result.tensors.push_back(std::move(*difference));
    else
      ++result.num_equal;
    in_b.erase(found);
  }
  for (const NamedTensor& tensor : tensors_b)
    if (in_b.contains(tensor.name)) result.only_b.push_back(tensor.name);
  return result;
}

}  // namespace intr
