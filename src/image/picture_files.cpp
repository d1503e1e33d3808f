// SPDX-License-Identifier: Apache-2.0
#include "intr/image/picture_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <sstream>
#include <tuple>

#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 9> kExtensions = {".jpg", ".jpeg", ".png",  ".ppm", ".bmp",
                                                    ".pgm", ".tif",  ".tiff", ".webp"};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Collects the pictures below one folder.
class FolderWalk {
 public:
  explicit FolderWalk(std::string root) : root_(std::move(root)) {
    while (root_.size() > 1 && root_.back() == '/') root_.pop_back();
  }

  std::vector<PictureFile> pictures() {
    walk("", {});
    std::sort(found_.begin(), found_.end());
    std::vector<PictureFile> files;
    for (const Found& found : found_) {
      const std::string name = (found.folder.empty() ? "" : found.folder + "/") + found.name;
      files.push_back({below(name), name});
    }
    if (files.empty())
      throw DataError("no picture lies in this folder", printable(root_),
                      "pictures are files whose names end in .jpg, .jpeg or .png");
    return files;
  }

 private:
  struct Found {
    std::string folder;  ///< below the root; empty for the root itself
    std::string name;

    bool operator<(const Found& other) const {
      const auto key = [](const Found& f) {
        return std::tuple(code_points(f.folder.substr(0, f.folder.find('/'))),
                          code_points(f.folder), code_points(f.name));
      };
      return key(*this) < key(other);
    }
  };

  std::string below(const std::string& name) const {
    if (name.empty()) return root_;
    return root_ == "/" ? root_ + name : root_ + "/" + name;
  }

  void walk(const std::string& folder, std::vector<fs::path> ancestors) {
    std::error_code error;
    const fs::path self = fs::canonical(below(folder), error);
    if (!error && std::find(ancestors.begin(), ancestors.end(), self) != ancestors.end())
      throw DataError("a link leads back to a folder above it: a loop without end",
                      printable(below(folder)), "remove this link");
    ancestors.push_back(self);
    fs::directory_iterator entry(below(folder), error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (name.front() == '.') continue;
      std::error_code ignored;
      if (entry->is_directory(ignored))
        walk(folder.empty() ? name : folder + "/" + name, ancestors);
      else if (has_picture_extension(name))
        found_.push_back({folder, name});
    }
    if (error)
      throw DataError("cannot list the folder: " + error.message(), printable(below(folder)),
                      "check the path and its permissions");
  }

  std::string root_;
  std::vector<Found> found_;
};

void append_pictures(const std::string& word, std::vector<PictureFile>& files) {
  std::error_code ignored;
  if (!fs::is_directory(word, ignored)) {
    files.push_back({word, fs::path(word).filename().string()});
    return;
  }
  const std::vector<PictureFile> inside = FolderWalk(word).pictures();
  files.insert(files.end(), inside.begin(), inside.end());
}

}  // namespace

bool has_picture_extension(const std::string& name) {
  const std::string folded = lower(name);
  return std::any_of(kExtensions.begin(), kExtensions.end(),
                     [&](const char* extension) { return folded.ends_with(extension); });
}

std::vector<PictureFile> find_pictures(const std::vector<std::string>& words) {
  std::vector<PictureFile> files;
  for (const std::string& word : words) {
    if (!word.starts_with('@')) {
      append_pictures(word, files);
      continue;
    }
    std::istringstream lines(read_file(word.substr(1)));
    for (std::string line; std::getline(lines, line);) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) append_pictures(line, files);
    }
  }
  return files;
}

}  // namespace intr
