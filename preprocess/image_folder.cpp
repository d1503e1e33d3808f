// SPDX-License-Identifier: Apache-2.0
#include "preprocess/image_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/parallel.h"
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
  fs::file_type type;      ///< of what a link leads to
  std::error_code reason;  ///< why the type is not known
};

std::vector<Entry> entries_of(const std::string& folder) {
  std::error_code error;
  std::vector<Entry> entries;
  fs::directory_iterator iterator(folder, error);
  for (; !error && iterator != fs::directory_iterator(); iterator.increment(error)) {
    std::error_code reason;
    const fs::file_type type = iterator->status(reason).type();
    entries.push_back({iterator->path().filename().string(), type, reason});
  }
  if (error)
    throw DataError("cannot list the folder: " + error.message(), printable(folder),
                    "check the path and its permissions");
  return entries;
}

/// A link that leads nowhere may be a folder on a disk that is not there: ImageFolder would pass
/// over the whole class in silence.
void require_reachable(const Entry& entry, const std::string& path) {
  if (entry.type == fs::file_type::not_found)
    throw DataError("a link that leads nowhere", printable(path),
                    "remove it or replace it by a picture");
  if (entry.type == fs::file_type::none)
    throw_system_error("look at", printable(path), entry.reason.value());
}

/// What lies in one class folder.
struct ClassContents {
  std::vector<SourceFile> files;
  std::vector<std::string> hidden;                 ///< names that need a decision
  std::map<std::string, std::int64_t> not_listed;  ///< files without a picture's extension
};

/// Walks one class folder.
class ClassWalk {
 public:
  ClassWalk(std::string root, const std::string& split, HiddenPolicy policy)
      : root_(std::move(root)), split_folder_(root_ + "/" + split), policy_(policy) {}

  /// All pictures below, in ImageFolder's order: folders by full path, files by name.
  ClassContents contents(const std::string& class_name, std::int32_t label) {
    // A link to one of these two leads back to the class, too.
    walk(class_name, {{identity_of(root_), root_}, {identity_of(split_folder_), split_folder_}});
    std::sort(folders_.begin(), folders_.end(),
              [](const Folder& a, const Folder& b) { return code_point_less(a.path, b.path); });
    for (Folder& folder : folders_) {
      std::sort(folder.names.begin(), folder.names.end(), code_point_less);
      for (const std::string& name : folder.names) {
        SourceFile file;
        file.path = folder.path + "/" + name;
        file.label = label;
        found_.files.push_back(std::move(file));
      }
    }
    return std::move(found_);
  }

 private:
  struct Folder {
    std::string path;  ///< below the split folder
    std::vector<std::string> names;
  };
  using Identity = std::pair<dev_t, ino_t>;
  struct Ancestor {
    Identity identity;
    std::string path;
  };

  static Identity identity_of(const std::string& path) {
    const struct stat facts = facts_of(path);
    return {facts.st_dev, facts.st_ino};
  }

  void walk(const std::string& path, std::vector<Ancestor> ancestors) {
    const std::string full = split_folder_ + "/" + path;
    const Identity self = identity_of(full);
    for (const Ancestor& above : ancestors) {
      if (above.identity != self) continue;
      throw DataError(
          fmt::format("a link leads back to {}: a loop without end", printable(above.path)),
          printable(full), "remove this link");
    }
    ancestors.push_back({self, full});
    Folder folder{path, {}};
    for (const Entry& entry : entries_of(full)) {
      const std::string below = path + "/" + entry.name;
      if (!is_hidden(entry.name) || policy_ == HiddenPolicy::kKeep)
        require_reachable(entry, split_folder_ + "/" + below);
      if (entry.type == fs::file_type::directory) {
        if (accept_hidden(entry.name, below)) walk(below, ancestors);
      } else if (!has_picture_extension(entry.name)) {
        const std::string extension = lower(fs::path(entry.name).extension().string());
        ++found_.not_listed[extension.empty() ? "none" : printable(extension)];
      } else if (accept_hidden(entry.name, below)) {
        folder.names.push_back(entry.name);
      }
    }
    folders_.push_back(std::move(folder));
  }

  bool accept_hidden(const std::string& name, const std::string& path) {
    if (!is_hidden(name) || policy_ == HiddenPolicy::kKeep) return true;
    if (policy_ == HiddenPolicy::kRefuse) found_.hidden.push_back(split_folder_ + "/" + path);
    return false;
  }

  std::string root_;
  std::string split_folder_;
  HiddenPolicy policy_;
  ClassContents found_;
  std::vector<Folder> folders_;
};

/// The classes of a split, each walked on a thread of its own: network file systems take long to
/// answer. The result does not depend on threads.
SourceSplit walk_split(const std::string& root, const std::string& name, HiddenPolicy policy,
                       const std::vector<std::string>& folders, Listing& listing,
                       std::vector<std::string>& hidden) {
  constexpr std::int64_t kWalkingThreads = 16;
  const std::set<std::string> there(folders.begin(), folders.end());
  std::vector<ClassContents> classes(listing.classes.size());
  parallel_for(std::ssize(classes), kWalkingThreads, [&](std::int64_t label) {
    const std::size_t place = static_cast<std::size_t>(label);
    if (!there.contains(listing.classes[place])) return;
    classes[place] = ClassWalk(root, name, policy)
                         .contents(listing.classes[place], static_cast<std::int32_t>(label));
  });
  SourceSplit split{name, {}};
  for (ClassContents& found : classes) {
    for (const auto& [extension, count] : found.not_listed) listing.not_listed[extension] += count;
    hidden.insert(hidden.end(), found.hidden.begin(), found.hidden.end());
    for (SourceFile& file : found.files) {
      file.sample_id = split.files.size();
      split.files.push_back(std::move(file));
    }
  }
  return split;
}

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
    if (!is_hidden(entry.name) || policy == HiddenPolicy::kKeep)
      require_reachable(entry, split_folder + "/" + entry.name);
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
  const std::set<std::string> there(others.begin(), others.end());
  std::vector<std::string> missing;
  for (const std::string& name : names)
    if (!there.contains(name)) missing.push_back(name);
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
      printable(root), "make the folders equal, or give the class list with --classes FILE");
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
    listing.splits.push_back(
        walk_split(root_, rules_.splits[i], hidden_, found[i], listing, hidden));
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
