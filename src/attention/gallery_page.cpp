// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/gallery_page.h"

#include <fmt/format.h>

#include <string_view>

#include "intr/attention/embedded_text.h"
#include "intr/attention/report_tables.h"
#include "intr/io/atomic_file.h"

namespace intr {

namespace {

std::string replaced(std::string_view text, std::string_view mark, std::string_view by) {
  const std::size_t place = text.find(mark);
  return std::string(text.substr(0, place)) + std::string(by) +
         std::string(text.substr(place + mark.size()));
}

std::string html_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '<')
      escaped += "&lt;";
    else if (c == '&')
      escaped += "&amp;";
    else
      escaped += c;
  }
  return escaped;
}

std::string link_to(const std::string& report) {
  if (report.empty()) return {};
  return fmt::format("\n    <a id=\"report\" href=\"{}\">Measures</a>", page_address(report));
}

/// The page with style and code, without data.
std::string frame() {
  std::string script;
  for (const char* part :
       {"store.js", "paint.js", "state.js", "list.js", "detail.js", "controls.js", "page.js"})
    script += std::string(embedded_text(part)) + "\n";
  const std::string html =
      replaced(embedded_text("gallery.html"), "@STYLE@", embedded_text("gallery.css"));
  return replaced(html, "@SCRIPT@", script);
}

}  // namespace

void write_gallery_page(const std::string& path, const std::string& title,
                        const std::string& report, const std::string& columns,
                        std::span<const std::string> in_page) {
  constexpr std::string_view kData = "@DATA@", kChunks = "@CHUNKS@";
  const std::string html = replaced(frame(), "@REPORT@", link_to(report));
  const std::size_t data = html.find(kData), chunks = html.find(kChunks);
  // Data come last: what they hold must not be taken for one of the marks.
  const std::string before = replaced(html.substr(0, data), "@TITLE@", html_text(title));
  const std::size_t after = data + kData.size();
  AtomicFile file(path);
  const auto append = [&](std::string_view text) { append_line(file.temporary_path(), text); };
  append(before + columns + html.substr(after, chunks - after));
  for (std::size_t number = 0; number < in_page.size(); ++number)
    append(fmt::format("<script type=\"application/json\" id=\"chunk-{}\">{}</script>", number,
                       in_page[number]));
  append(html.substr(chunks + kChunks.size()));
  file.commit();
}

}  // namespace intr
