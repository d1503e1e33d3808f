// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/report_folder.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "intr/attention/report_tables.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "intr/io/json_file.h"

namespace intr {

namespace {

namespace fs = std::filesystem;

/// Names below the folder are this program's own: what is wrong with them is not the data's fault.
template <class Work>
void as_environment(const Work& work) {
  try {
    work();
  } catch (const DataError& error) {
    throw EnvironmentError(error.what());
  }
}

}  // namespace

ReportFolder::ReportFolder(std::string path, std::span<const char* const> files)
    : path_(std::move(path)) {
  std::error_code unknown;  // then writing tells
  made_ = !fs::exists(path_, unknown);
  as_environment([&] { tree_.emplace(path_); });
  for (const char* name : files)
    if (const fs::path file = fs::path(path_) / name; fs::is_directory(file, unknown))
      throw EnvironmentError("a folder where a file is needed", printable(file.string()),
                             "remove it, or choose another folder");
}

ReportFolder::~ReportFolder() {
  tree_.reset();
  std::error_code not_empty;
  if (made_) fs::remove(path_, not_empty);
}

bool ReportFolder::holds(const char* name, const char* format) const {
  try {
    const auto json = read_json(path_ + "/" + name);
    return json.is_object() && json.value("format", "") == format;
  } catch (const std::exception&) {  // none, or another program's
    return false;
  }
}

void ReportFolder::put(const std::string& name, const std::string& text) {
  as_environment([&] { tree_->write(name, std::as_bytes(std::span(text))); });
}

void ReportFolder::remove(const char* name) noexcept {
  std::error_code kept;
  fs::remove(path_ + "/" + name, kept);
}

void ReportFolder::finish() { tree_->finish(); }

std::string found_page(const std::string& folder, const std::string& address,
                       const std::string& maker) {
  std::error_code unknown;
  if (address.empty() || is_web_address(address)) return address;
  // The folder itself may be made later.
  const fs::path page = (fs::path(folder) / address).lexically_normal();
  if (fs::is_regular_file(page, unknown)) return address;
  log::warning(
      "{}: no page is there, so there is no link to it. Next: run this again once {} has "
      "written it",
      printable(page.string()), maker);
  return {};
}

}  // namespace intr
