// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace intr::test {

/// Walks over XML, or HTML that is written like it: tags nest, attributes are quoted and given
/// once, comments end and hold no "--", no '<' or '&' stands in a text unless it begins a tag, a
/// comment or a known entity.
class MarkupCheck {
 public:
  /// @return what is wrong and where; empty if nothing is
  static std::string fault(std::string_view text) { return MarkupCheck(text).run(); }

 private:
  explicit MarkupCheck(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      if (text_[at_] == '<' && !tag()) return wrong("tag");
      if (at_ < text_.size() && text_[at_] == '&' && !entity()) return wrong("entity");
      if (at_ < text_.size() && text_[at_] != '<' && text_[at_] != '&') ++at_;
    }
    return open_.empty() ? "" : "left open: " + open_.back();
  }

  std::string wrong(const std::string& what) const {
    return what + " at: " + std::string(text_.substr(at_, 80));
  }

  bool entity() {
    for (const std::string_view known : {"&lt;", "&gt;", "&amp;", "&quot;", "&#39;", "&nbsp;"})
      if (text_.substr(at_).starts_with(known)) {
        at_ += known.size();
        return true;
      }
    return false;
  }

  bool comment() {
    const std::size_t dashes = text_.find("--", at_ + 4);
    if (!text_.substr(std::min(dashes, text_.size())).starts_with("-->")) return false;
    at_ = dashes + 3;
    return true;
  }

  bool tag() {
    if (text_.substr(at_).starts_with("<!--")) return comment();
    if (text_.substr(at_).starts_with("<!DOCTYPE html>")) {
      at_ += 15;
      return true;
    }
    const std::size_t end = text_.find('>', at_);
    if (end == std::string_view::npos) return false;
    std::string_view inner = text_.substr(at_ + 1, end - at_ - 1);
    if (inner.starts_with('/')) {
      if (open_.empty() || open_.back() != inner.substr(1)) return false;
      open_.pop_back();
    } else {
      const bool closed = inner.ends_with('/');
      if (closed) inner.remove_suffix(1);
      const std::string name(inner.substr(0, inner.find_first_of(" \n")));
      if (name.empty() || !attributes(inner.substr(name.size()))) return false;
      if (!closed && name != "meta") open_.push_back(name);
    }
    at_ = end + 1;
    return true;
  }

  static bool attributes(std::string_view rest) {
    std::vector<std::string> seen;
    for (;;) {
      const std::size_t first = rest.find_first_not_of(" \n");
      if (first == std::string_view::npos) return true;
      rest.remove_prefix(first);
      const std::size_t equals = rest.find("=\"");
      const std::size_t quote =
          equals == std::string_view::npos ? equals : rest.find('"', equals + 2);
      if (first == 0 || quote == std::string_view::npos) return false;
      const std::string name(rest.substr(0, equals));
      const std::string_view value = rest.substr(equals + 2, quote - equals - 2);
      for (const std::string& other : seen)
        if (other == name) return false;
      if (name.find_first_of(" \n'<") != std::string::npos || !fault(value).empty()) return false;
      seen.push_back(name);
      rest.remove_prefix(quote + 1);
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
};

/// How often a word stands in a text.
inline std::size_t count_of(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + word.size()))
    ++count;
  return count;
}

}  // namespace intr::test
