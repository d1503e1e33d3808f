// SPDX-License-Identifier: Apache-2.0
#include "preprocess/cub_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "preprocess/numbered_lines.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using Line = NumberedLines::Line;

constexpr std::int64_t kMostIds = std::numeric_limits<std::int32_t>::max();

bool is_there(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// A picture as the text files describe it.
struct CubPicture {
  std::int64_t id = 0;
  std::int64_t class_number = 0;  ///< from 1
  bool train = false;
  SourceFile file;
};

/// Reads the text files of one data set.
class CubFiles {
 public:
  explicit CubFiles(std::string root) : root_(std::move(root)) {}

  std::vector<CubPicture> read() {
    read_classes();
    read_images();
    read_per_picture("image_class_labels.txt", 2,
                     [&](const NumberedLines& lines, const Line& line, CubPicture& picture) {
                       picture.class_number = lines.whole(line, 1, 1, std::ssize(classes_));
                       require_class_of_folder(lines, line, picture);
                     });
    read_per_picture("train_test_split.txt", 2,
                     [](const NumberedLines& lines, const Line& line, CubPicture& picture) {
                       picture.train = lines.whole(line, 1, 0, 1) == 1;
                     });
    has_boxes_ = is_there(root_ + "/bounding_boxes.txt");
    if (has_boxes_)
      read_per_picture("bounding_boxes.txt", 5,
                       [](const NumberedLines& lines, const Line& line, CubPicture& picture) {
                         for (std::size_t i = 0; i < 4; ++i)
                           picture.file.annotations.box[i] = lines.number(line, i + 1);
                       });
    read_parts();
    return std::move(pictures_);
  }

  const std::vector<std::string>& classes() const noexcept { return classes_; }
  const std::vector<std::string>& part_names() const noexcept { return part_names_; }
  bool has_boxes() const noexcept { return has_boxes_; }

 private:
  /// Names numbered from 1, each number once.
  std::vector<std::string> read_names(const std::string& name) const {
    const NumberedLines lines(root_ + "/" + name, 2);
    std::vector<std::string> names(lines.lines().size());
    for (const Line& line : lines.lines()) {
      std::string& place =
          names[static_cast<std::size_t>(lines.whole(line, 0, 1, std::ssize(names)) - 1)];
      if (!place.empty())
        lines.refuse(line, fmt::format("number {} stands there twice", line.fields[0]));
      place = line.fields[1];
    }
    if (names.empty()) lines.refuse("is empty");
    return names;
  }

  void read_classes() { classes_ = read_names("classes.txt"); }

  void read_images() {
    const NumberedLines lines(root_ + "/images.txt", 2);
    std::map<std::string, std::int64_t> line_of_path;
    for (const Line& line : lines.lines()) {
      CubPicture picture;
      picture.id = lines.whole(line, 0, 1, kMostIds);
      picture.file.path = line.fields[1];
      const fs::path parts(picture.file.path);
      if (parts.is_absolute() || std::find(parts.begin(), parts.end(), "..") != parts.end())
        lines.refuse(line, "the path leads out of images/");
      if (!place_of_.emplace(picture.id, pictures_.size()).second)
        lines.refuse(line, fmt::format("picture {} stands there twice", picture.id));
      if (const auto [first, fresh] = line_of_path.emplace(picture.file.path, line.number); !fresh)
        lines.refuse(line, fmt::format("the path of line {} again", first->second));
      pictures_.push_back(std::move(picture));
    }
    if (pictures_.empty()) lines.refuse("names no picture");
  }

  /// Calls take() for each line of a file that has one for every picture.
  template <class Take>
  void read_per_picture(const std::string& name, std::size_t fields, Take take) {
    const NumberedLines lines(root_ + "/" + name, fields);
    std::vector<bool> seen(pictures_.size());
    for (const Line& line : lines.lines()) {
      const std::size_t place = picture_of(lines, line);
      if (seen[place])
        lines.refuse(line, fmt::format("picture {} stands there twice", line.fields[0]));
      seen[place] = true;
      take(lines, line, pictures_[place]);
    }
    const auto missing = std::find(seen.begin(), seen.end(), false);
    if (missing != seen.end())
      lines.refuse(fmt::format("has no line for picture {}",
                               pictures_[static_cast<std::size_t>(missing - seen.begin())].id));
  }

  std::size_t picture_of(const NumberedLines& lines, const Line& line) const {
    const std::int64_t id = lines.whole(line, 0, 1, kMostIds);
    const auto found = place_of_.find(id);
    if (found == place_of_.end())
      lines.refuse(line, fmt::format("picture {} is not in images.txt", id));
    return found->second;
  }

  void require_class_of_folder(const NumberedLines& lines, const Line& line,
                               const CubPicture& picture) const {
    const std::string& path = picture.file.path;
    const std::string folder = path.substr(0, path.find('/'));
    const std::string& name = classes_[static_cast<std::size_t>(picture.class_number - 1)];
    if (folder != name)
      lines.refuse(line, fmt::format("class {} is '{}', but the picture lies in '{}'",
                                     picture.class_number, printable(name), printable(folder)));
  }

  void read_parts() {
    const std::string names = root_ + "/parts/parts.txt", places = root_ + "/parts/part_locs.txt";
    if (!is_there(names) && !is_there(places)) return;
    part_names_ = read_names("parts/parts.txt");
    const NumberedLines lines(places, 5);
    const std::size_t parts = part_names_.size();
    std::vector<bool> seen(pictures_.size() * parts);
    for (CubPicture& picture : pictures_) {
      picture.file.annotations.part_xy.resize(2 * parts);
      picture.file.annotations.part_visible.resize(parts);
    }
    for (const Line& line : lines.lines()) {
      const std::size_t place = picture_of(lines, line);
      const auto part =
          static_cast<std::size_t>(lines.whole(line, 1, 1, std::ssize(part_names_)) - 1);
      if (seen[place * parts + part])
        lines.refuse(line, fmt::format("part {} of picture {} stands there twice", line.fields[1],
                                       line.fields[0]));
      seen[place * parts + part] = true;
      Annotations& annotations = pictures_[place].file.annotations;
      annotations.part_xy[2 * part] = lines.number(line, 2);
      annotations.part_xy[2 * part + 1] = lines.number(line, 3);
      annotations.part_visible[part] = static_cast<std::uint8_t>(lines.whole(line, 4, 0, 1));
    }
    const auto missing = std::find(seen.begin(), seen.end(), false);
    if (missing != seen.end()) {
      const auto place = static_cast<std::size_t>(missing - seen.begin());
      lines.refuse(fmt::format("has no line for part {} of picture {}", place % parts + 1,
                               pictures_[place / parts].id));
    }
  }

  std::string root_;
  std::vector<std::string> classes_;
  std::vector<std::string> part_names_;
  std::vector<CubPicture> pictures_;
  std::map<std::int64_t, std::size_t> place_of_;  ///< by id
  bool has_boxes_ = false;
};

/// An image folder's order: classes by name, in each its folders by full path, in each its files.
bool folder_order(const CubPicture& a, const CubPicture& b) {
  const auto key = [](const std::string& path) {
    const std::size_t name = path.rfind('/') + 1;
    return std::tuple(code_points(path.substr(0, path.find('/'))),
                      code_points(path.substr(0, name == 0 ? 0 : name - 1)),
                      code_points(path.substr(name)));
  };
  return key(a.file.path) < key(b.file.path);
}

}  // namespace

bool looks_like_cub(const std::string& folder) {
  return is_there(folder + "/images.txt") && is_there(folder + "/image_class_labels.txt");
}

CubLayout::CubLayout(std::string root, SourceRules rules)
    : root_(std::move(root)), rules_(std::move(rules)) {}

Listing CubLayout::scan() {
  CubFiles files(root_);
  std::vector<CubPicture> pictures = files.read();
  std::sort(pictures.begin(), pictures.end(), folder_order);
  Listing listing;
  listing.classes = files.classes();
  listing.has_boxes = files.has_boxes();
  listing.part_names = files.part_names();
  if (!rules_.classes.empty() && rules_.classes != listing.classes)
    throw DataError("the classes of --classes are not those of classes.txt", printable(root_),
                    "leave --classes out: the layout has its own list");
  for (const std::string& name : rules_.splits) {
    if (name != "train" && name != "val")
      throw UsageError(fmt::format("CUB-200-2011 knows no split '{}'", name), "--splits",
                       "use train, val or both");
    SourceSplit split{name, {}};
    for (const CubPicture& picture : pictures) {
      if (picture.train != (name == "train")) continue;
      split.files.push_back(picture.file);
      split.files.back().label = static_cast<std::int32_t>(picture.class_number - 1);
      split.files.back().sample_id = split.files.size() - 1;
    }
    listing.splits.push_back(std::move(split));
  }
  check_listing(listing, rules_, printable(root_));
  look_at_files(listing);
  return listing;
}

std::string CubLayout::path_of(const std::string&, const SourceFile& file) const {
  return root_ + "/images/" + file.path;
}

}  // namespace intr
