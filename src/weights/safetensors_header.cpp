// SPDX-License-Identifier: Apache-2.0
#include "safetensors_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "file_advice.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"

namespace intr {
namespace {

struct StoredType {
  std::string_view name;
  DType type;
  std::uint64_t bytes;
};
constexpr std::array<StoredType, 20> kTypes = {{{"F64", DType::f64, 8},
                                                {"F32", DType::f32, 4},
                                                {"F16", DType::f16, 2},
                                                {"BF16", DType::bf16, 2},
                                                {"I64", DType::i64, 8},
                                                {"I32", DType::i32, 4},
                                                {"I16", DType::i16, 2},
                                                {"I8", DType::i8, 1},
                                                {"U8", DType::u8, 1},
                                                {"BOOL", DType::boolean, 1},
                                                {"U16", DType::other, 2},
                                                {"U32", DType::other, 4},
                                                {"U64", DType::other, 8},
                                                {"C64", DType::other, 8},
                                                {"F8_E4M3", DType::other, 1},
                                                {"F8_E5M2", DType::other, 1},
                                                {"F8_E8M0", DType::other, 1},
                                                {"F8_E4M3FNUZ", DType::other, 1},
                                                {"F8_E5M2FNUZ", DType::other, 1},
                                                {"C128", DType::other, 16}}};

constexpr std::ptrdiff_t kHeaderBegin = 8;  ///< byte of the file

std::string cut(const std::string& text) { return printable(text.substr(0, 120)); }

/// Counts how far the parser has read, which it does not tell its visitor.
class CountedText {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountedText(const char* at, const char*& furthest) : at_(at), furthest_(&furthest) {}
  reference operator*() const { return *at_; }
  CountedText& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  bool operator==(const CountedText& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

/// Follows the only shape a header may have, value by value. A JSON library that builds a tree
/// would silently keep the last of two equal keys.
class HeaderReader {
 public:
  /// @param begin of the header; @param furthest how far it was read
  HeaderReader(const WeightLimits& limits, const std::string& where, const char* begin,
               const char* const& furthest)
      : limits_(limits), where_(where), begin_(begin), furthest_(furthest) {}

  SafetensorsHeader take() { return std::move(header_); }

  bool start_object(std::size_t) {
    if (place_ == Place::kStart) return go(Place::kTop);
    if (place_ == Place::kTop && key_ == "__metadata__") return go(Place::kMetadata);
    if (place_ == Place::kTop) {
      tensor_ = HeaderTensor();
      tensor_.entry.name = key_;
      fields_.clear();
      return go(Place::kTensor);
    }
    refuse("an object");
  }
  bool key(std::string& name) {
    if (place_ == Place::kTop && !top_names_.insert(name).second)
      fail(fmt::format("the name \"{}\" appears twice", cut(name)));
    if (place_ == Place::kTop &&
        static_cast<std::int64_t>(top_names_.size()) >
            limits_.tensors + (top_names_.contains("__metadata__") ? 1 : 0))
      fail(fmt::format("more than {} tensors", limits_.tensors));
    if (place_ == Place::kTensor && !fields_.insert(name).second)
      fail(fmt::format("the field \"{}\" appears twice", cut(name)));
    if (place_ == Place::kTensor && name != "dtype" && name != "shape" && name != "data_offsets")
      fail(fmt::format("the unknown field \"{}\"", cut(name)));
    if (place_ == Place::kMetadata && header_.metadata.contains(name))
      fail(fmt::format("the metadata \"{}\" appears twice", cut(name)));
    (place_ == Place::kTop ? key_ : field_) = name;
    return true;
  }
  bool end_object() {
    if (place_ == Place::kTensor) finish_tensor();
    return go(place_ == Place::kTop ? Place::kEnd : Place::kTop);
  }
  bool string(std::string& value) {
    if (place_ == Place::kMetadata) {
      header_.metadata.emplace(field_, value);
      return true;
    }
    if (place_ != Place::kTensor || field_ != "dtype") refuse("a text");
    for (const StoredType& known : kTypes) {
      if (known.name != value) continue;
      tensor_.entry.type = known.type;
      tensor_.entry.type_name = value;
      item_bytes_ = known.bytes;
      return true;
    }
    fail(fmt::format("the unknown type \"{}\"", cut(value)));
  }
  bool start_array(std::size_t) {
    if (place_ != Place::kTensor || field_ == "dtype") refuse("an array");
    numbers_.clear();
    return go(Place::kArray);
  }
  bool number_unsigned(std::uint64_t value) {
    if (place_ != Place::kArray) refuse("a number");
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      fail(fmt::format("the number {} is too large", value));
    numbers_.push_back(value);
    if (static_cast<std::int64_t>(numbers_.size()) > limits_.dimensions)
      fail(fmt::format("more than {} numbers in \"{}\"", limits_.dimensions, field_));
    return true;
  }
  bool end_array() {
    if (field_ == "shape") {
      tensor_.entry.shape.assign(numbers_.begin(), numbers_.end());
    } else {
      if (numbers_.size() != 2 || numbers_[0] > numbers_[1])
        fail("data_offsets are no begin and end");
      tensor_.begin = numbers_[0];
      tensor_.bytes = numbers_[1] - numbers_[0];
    }
    return go(Place::kTensor);
  }

  bool null() { refuse("null"); }
  bool boolean(bool) { refuse("a truth value"); }
  bool number_integer(std::int64_t) { refuse("a negative number"); }
  bool number_float(double, const std::string&) { refuse("a number with a fraction"); }
  bool binary(std::vector<std::uint8_t>&) { refuse("binary data"); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
    const bool text = std::string_view(error.what()).find("UTF-8") != std::string_view::npos;
    throw_at(text ? "the header is not UTF-8" : "the header is no JSON");
  }

 private:
  enum class Place { kStart, kTop, kMetadata, kTensor, kArray, kEnd };

  bool go(Place place) {
    place_ = place;
    return true;
  }
  [[noreturn]] void throw_at(const std::string& what) const {
    const auto byte = kHeaderBegin + std::max<std::ptrdiff_t>(furthest_ - begin_, 1) - 1;
    throw DataError(fmt::format("byte {}: {}", byte, what), where_, kDamaged);
  }
  [[noreturn]] void fail(const std::string& what) const {
    const bool in_tensor = place_ == Place::kTensor || place_ == Place::kArray;
    throw_at(in_tensor ? fmt::format("tensor \"{}\": {}", cut(tensor_.entry.name), what)
                       : "header: " + what);
  }
  [[noreturn]] void refuse(const char* found) const {
    fail(fmt::format("{} where none belongs", found));
  }
  void finish_tensor() {
    for (const char* field : {"dtype", "shape", "data_offsets"})
      if (!fields_.contains(field)) fail(fmt::format("the field \"{}\" is missing", field));
    std::uint64_t bytes = item_bytes_;
    for (const std::int64_t size : tensor_.entry.shape)
      if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(size), &bytes))
        fail("its shape has more values than a number can count");
    if (bytes != tensor_.bytes)
      fail(fmt::format("{} bytes for a shape that needs {}", tensor_.bytes, bytes));
    tensor_.entry.stride = row_major_stride(tensor_.entry.shape);
    tensor_.entry.bytes = bytes;
    header_.tensors.push_back(tensor_);
  }

  const WeightLimits& limits_;
  const std::string& where_;
  const char* begin_;
  const char* const& furthest_;
  SafetensorsHeader header_;
  Place place_ = Place::kStart;
  std::string key_;
  std::string field_;
  std::set<std::string> top_names_;
  std::set<std::string> fields_;
  std::vector<std::uint64_t> numbers_;
  HeaderTensor tensor_;
  std::uint64_t item_bytes_ = 0;
};

}  // namespace

std::string_view safetensors_name(DType type) {
  for (const StoredType& known : kTypes)
    if (known.type == type && type != DType::other) return known.name;
  throw InternalError("a tensor of no type that can be written");
}

SafetensorsHeader parse_safetensors_header(std::span<const std::byte> json,
                                           const WeightLimits& limits, const std::string& where) {
  const auto* begin = reinterpret_cast<const char*>(json.data());
  const char* furthest = begin;
  HeaderReader reader(limits, where, begin, furthest);
  nlohmann::json::sax_parse(CountedText(begin, furthest),
                            CountedText(begin + json.size(), furthest), &reader);
  return reader.take();
}

}  // namespace intr
