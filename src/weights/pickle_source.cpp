// SPDX-License-Identifier: Apache-2.0
#include "pickle_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "file_advice.h"
#include "intr/core/error.h"

namespace intr {
namespace {

constexpr std::uint64_t kWindow = 64 << 10;

}  // namespace

PickleSource::PickleSource(const InputFile& file, std::uint64_t begin, const WeightLimits& limits)
    : file_(&file),
      where_(file.path()),
      window_begin_(begin),
      begin_(begin),
      at_(begin),
      end_(file.size()),
      limit_(begin + static_cast<std::uint64_t>(limits.pickle_bytes)) {}

PickleSource::PickleSource(std::vector<std::byte> bytes, std::string where, std::string name)
    : where_(std::move(where)),
      name_(std::move(name)),
      window_(std::move(bytes)),
      end_(window_.size()),
      limit_(end_) {}

void PickleSource::fail(std::uint64_t position, const std::string& what,
                        const std::string& next) const {
  throw DataError(fmt::format("{}{}byte {}: {}", name_, name_.empty() ? "" : ": ", position, what),
                  where_, next);
}

std::string_view PickleSource::take(std::uint64_t count) {
  if (count > end_ - at_)
    fail(at_, fmt::format("{} more bytes of a pickle are needed, {} are left", count, end_ - at_),
         kCut);
  if (at_ + count > limit_)
    fail(at_, fmt::format("a pickle of more than {} bytes (--max-pickle-bytes)", limit_ - begin_),
         "no honest weight file looks like this: get it from its source");
  if (count > ready()) {
    window_.resize(std::min(std::max(count, kWindow), end_ - at_));
    window_begin_ = at_;
    file_->read(at_, window_);
  }
  const auto* first = reinterpret_cast<const char*>(window_.data() + (at_ - window_begin_));
  at_ += count;
  return {first, count};
}

std::uint8_t PickleSource::byte() { return static_cast<std::uint8_t>(take(1)[0]); }

std::uint64_t PickleSource::number(int bytes) {
  const std::string_view taken = take(static_cast<std::uint64_t>(bytes));
  std::uint64_t value = 0;
  for (std::size_t i = taken.size(); i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(taken[i]);
  return value;
}

std::string PickleSource::line(std::int64_t longest) {
  const std::uint64_t begin = at_;
  std::string text;
  for (char next = take(1)[0]; next != '\n'; next = take(1)[0]) {
    text += next;
    if (static_cast<std::int64_t>(text.size()) > longest)
      fail(begin, fmt::format("a name of more than {} bytes", longest), kCut);
  }
  return text;
}

}  // namespace intr
