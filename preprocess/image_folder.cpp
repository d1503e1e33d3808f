// SPDX-License-Identifier: Apache-2.0
#include "preprocess/image_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/image/picture_files.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_hidden(const std::string& name) { return !name.empty() && name.front() == '.'; }

struct stat facts_of(const std::string& path) {
  struct stat facts = {};
  if (::stat(path.c_str(), &facts) != 0)
    throw_system_error("read the entry", printable(path), errno);
  return facts;
}

struct Entry {
  std::string name;
  fs::file_type type;  ///< of what a link leads to
};

std::vector<Entry> entries_of(const std::string& folder) {
  std::error_code error;
  std::vector<Entry> entries;
  fs::directory_iterator iterator(folder, error);
  for (; !error && iterator != fs::directory_iterator(); iterator.increment(error)) {
    std::error_code ignored;  // a dangling link: file_type::not_found
    entries.push_back({iterator->path().filename().string(), iterator->status(ignored).type()});
  }
  if (error)
    throw DataError("cannot list the folder: " + error.message(), printable(folder),
                    "check the path and its permissions");
  return entries;
}

/// Walks one class folder.
class ClassWalk {
 public:
  ClassWalk(std::string split_folder, HiddenPolicy policy, Listing& listing,
            std::vector<std::string>& hidden)
      : split_folder_(std::move(split_folder)),
        policy_(policy),
        listing_(&listing),
        hidden_(&hidden) {}

  /// All pictures below, in ImageFolder's order: folders by full path, files by name.
  std::vector<SourceFile> files(const std::string& class_name, std::int32_t label) {
    folders_.clear();
    walk(class_name, {});
    std::sort(folders_.begin(), folders_.end(),
              [](const Folder& a, const Folder& b) { return code_point_less(a.path, b.path); });
    std::vector<SourceFile> result;
    for (Folder& folder : folders_) {
      std::sort(folder.names.begin(), folder.names.end(), code_point_less);
      for (const std::string& name : folder.names) {
        SourceFile file;
        file.path = folder.path + "/" + name;
        file.label = label;
        result.push_back(std::move(file));
      }
    }
    return result;
  }

 private:
  struct Folder {
    std::string path;  ///< below the split folder
    std::vector<std::string> names;
  };
  using Identity = std::pair<dev_t, ino_t>;

  void walk(const std::string& path, std::vector<Identity> ancestors) {
    const struct stat facts = facts_of(split_folder_ + "/" + path);
    const Identity self{facts.st_dev, facts.st_ino};
    if (std::find(ancestors.begin(), ancestors.end(), self) != ancestors.end()) {
      throw DataError("a link leads back to a folder above it: a loop without end",
                      printable(split_folder_ + "/" + path), "remove this link");
    }
    ancestors.push_back(self);
    Folder folder{path, {}};
    for (const Entry& entry : entries_of(split_folder_ + "/" + path)) {
      const std::string below = path + "/" + entry.name;
      if (entry.type == fs::file_type::directory) {
        if (accept_hidden(entry.name, below)) walk(below, ancestors);
      } else if (!has_picture_extension(entry.name)) {
        const std::string extension = lower(fs::path(entry.name).extension().string());
        ++listing_->not_listed[extension.empty() ? "none" : printable(extension)];
      } else if (accept_hidden(entry.name, below)) {
        folder.names.push_back(entry.name);
      }
    }
    folders_.push_back(std::move(folder));
  }

  bool accept_hidden(const std::string& name, const std::string& path) {
    if (!is_hidden(name) || policy_ == HiddenPolicy::kKeep) return true;
    if (policy_ == HiddenPolicy::kRefuse) hidden_->push_back(split_folder_ + "/" + path);
    return false;
  }

  std::string split_folder_;
  HiddenPolicy policy_;
  Listing* listing_;
  std::vector<std::string>* hidden_;
  std::vector<Folder> folders_;
};

std::string expected_layout(const std::string& root) {
  return fmt::format(
      "lay the pictures out as {0}/train/CLASS/picture.jpg and {0}/val/CLASS/"
      "picture.jpg, or name other splits with --splits",
      printable(root));
}

std::vector<std::string> class_folders(const std::string& split_folder, HiddenPolicy policy,
                                       std::vector<std::string>& hidden) {
  std::vector<std::string> names;
  for (const Entry& entry : entries_of(split_folder)) {
    if (entry.type != fs::file_type::directory) continue;
    if (is_hidden(entry.name) && policy != HiddenPolicy::kKeep) {
      if (policy == HiddenPolicy::kRefuse) hidden.push_back(split_folder + "/" + entry.name);
      continue;
    }
    names.push_back(entry.name);
  }
  std::sort(names.begin(), names.end(), code_point_less);
  return names;
}

std::vector<std::string> missing_from(const std::vector<std::string>& names,
                                      const std::vector<std::string>& others) {
  std::vector<std::string> missing;
  for (const std::string& name : names)
    if (std::find(others.begin(), others.end(), name) == others.end()) missing.push_back(name);
  return missing;
}

/// ImageFolder numbers the classes of each split on its own, so a class that one split lacks would
/// shift the labels of all later ones.
void require_equal_classes(const std::string& root, const std::string& first_split,
                           const std::vector<std::string>& first, const std::string& other_split,
                           const std::vector<std::string>& other) {
  if (first == other) return;
  throw DataError(
      fmt::format("splits '{0}' and '{1}' have different classes. Only in {0}: {2}. Only in {1}: "
                  "{3}. {0} has: {4}. {1} has: {5}",
                  first_split, other_split, shown(missing_from(first, other)),
                  shown(missing_from(other, first)), shown(first), shown(other)),
      root, "make the folders equal, or give the class list with --classes FILE");
}

}  // namespace

ImageFolder::ImageFolder(std::string root, SourceRules rules, HiddenPolicy hidden)
    : root_(std::move(root)), rules_(std::move(rules)), hidden_(hidden) {}

Listing ImageFolder::scan() {
  std::error_code ignored;
  if (!fs::is_directory(root_, ignored))
    throw DataError("no such folder", printable(root_), expected_layout(root_));
  std::vector<std::vector<std::string>> found;
  std::vector<std::string> hidden;
  for (const std::string& split : rules_.splits) {
    const std::string folder = root_ + "/" + split;
    if (!fs::is_directory(folder, ignored))
      throw DataError("no such split folder", printable(folder), expected_layout(root_));
    found.push_back(class_folders(folder, hidden_, hidden));
    if (found.back().empty() && hidden.empty())
      throw DataError("has no class folders", printable(folder), expected_layout(root_));
  }
  Listing listing;
  listing.classes = rules_.classes.empty() ? found.front() : rules_.classes;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (rules_.classes.empty()) {
      require_equal_classes(root_, rules_.splits[0], found[0], rules_.splits[i], found[i]);
    } else if (const auto unknown = missing_from(found[i], rules_.classes); !unknown.empty()) {
      throw DataError(fmt::format("split '{}' has classes that --classes does not name: {}",
                                  rules_.splits[i], shown(unknown)),
                      printable(root_), "add them to the list, or remove the folders");
    }
    SourceSplit split{rules_.splits[i], {}};
    ClassWalk walk(root_ + "/" + split.name, hidden_, listing, hidden);
    for (std::size_t label = 0; label < listing.classes.size(); ++label) {
      const std::string& name = listing.classes[label];
      if (std::find(found[i].begin(), found[i].end(), name) == found[i].end()) continue;
      auto files = walk.files(name, static_cast<std::int32_t>(label));
      split.files.insert(split.files.end(), files.begin(), files.end());
    }
    for (std::size_t id = 0; id < split.files.size(); ++id) split.files[id].sample_id = id;
    listing.splits.push_back(std::move(split));
  }
  if (!hidden.empty()) {
    throw DataError(fmt::format("hidden names: {}", shown(hidden)), printable(root_),
                    "leave them out with --skip-hidden or take them in with --keep-hidden");
  }
  check_listing(listing, rules_, printable(root_));
  look_at_files(listing);
  return listing;
}

std::string ImageFolder::path_of(const std::string& split, const SourceFile& file) const {
  return root_ + "/" + split + "/" + file.path;
}

}  // namespace intr
