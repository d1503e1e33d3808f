// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/report_parts.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "intr/attention/embedded_text.h"
#include "intr/attention/svg_text.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "intr/io/atomic_file.h"

namespace intr {

namespace {

struct PartFacts {
  std::string_view name;  ///< of the command; on disk, in the comments
  std::string_view link;  ///< to it, from the top of the page
  std::string ReportParts::*html;
};
/// In the order of ScoreCommand and of the page.
constexpr std::array kParts = {PartFacts{"maps", "The maps by themselves", &ReportParts::maps},
                               PartFacts{"model", "The network, run again", &ReportParts::model}};

std::string begin_of(std::string_view name) { return fmt::format("<!-- part {} ", name); }

std::string begin_of(std::string_view name, const std::string& content_id) {
  return fmt::format("{}{} -->\n", begin_of(name), markup_text(content_id));
}

std::string end_of(std::string_view name) { return fmt::format("<!-- end of {} -->", name); }

std::string text_of(const std::string& path) {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(path, unknown)) return {};
  try {
    return read_file(path);
  } catch (const Error&) {  // not readable: writing tells what is wrong
    return {};
  }
}

/// The text with one mark replaced.
std::string filled_in(std::string_view text, std::string_view mark, std::string_view by) {
  const std::size_t place = text.find(mark);
  return fmt::format("{}{}{}", text.substr(0, place), by, text.substr(place + mark.size()));
}

/// Leads to the parts where there is more than one.
std::string navigation(const ReportParts& parts) {
  std::string links;
  for (const PartFacts& part : kParts) {
    if ((parts.*part.html).empty()) return {};
    links += fmt::format("<a href=\"#{}\">{}</a>\n", part.name, part.link);
  }
  return fmt::format("<nav>\n{}</nav>\n", links);
}

}  // namespace

std::string read_report_part(const std::string& path, ScoreCommand command,
                             const std::string& content_id) {
  const PartFacts& part = kParts[static_cast<std::size_t>(command)];
  const std::string page = text_of(path);
  const std::string begin = begin_of(part.name, content_id);
  if (const std::size_t found = page.find(begin); found != std::string::npos) {
    const std::size_t from = found + begin.size(), end = page.find(end_of(part.name), from);
    if (end != std::string::npos) return page.substr(from, end - from);
  }
  if (page.find(begin_of(part.name)) != std::string::npos)
    log::warning("{}: what 'intr-score {}' found of another dump is gone. Next: run that again",
                 printable(path), part.name);
  return {};
}

std::string report_page(const std::string& dump, const std::string& content_id,
                        const ReportParts& parts) {
  std::string body = fmt::format(
      "<header>\n<h1>What the class queries attend to, measured</h1>\n<p class=\"origin\">{}</p>\n"
      "{}</header>\n",
      markup_text(dump), navigation(parts));
  for (const PartFacts& part : kParts)
    if (const std::string& html = parts.*part.html; !html.empty())
      body += fmt::format("<article id=\"{}\">\n{}{}{}\n</article>\n", part.name,
                          begin_of(part.name, content_id), html, end_of(part.name));
  // Data come last: what they hold must not be taken for one of the marks.
  constexpr std::string_view kBody = "@BODY@", kTitle = "@TITLE@";
  const std::string frame =
      filled_in(embedded_text("report.html"), "@STYLE@", embedded_text("report.css"));
  const std::size_t title = frame.find(kTitle), at = frame.find(kBody);
  const std::size_t after = title + kTitle.size();
  return fmt::format("{}{}{}{}{}", frame.substr(0, title),
                     markup_text(fmt::format("Attention scores of {}", dump)),
                     frame.substr(after, at - after), body, frame.substr(at + kBody.size()));
}

}  // namespace intr
