// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace intr {

/// Whether a file name counts as a picture's, by its end, in any case: the list of torchvision's
/// ImageFolder.
bool has_picture_extension(const std::string& name);

/// A picture that a user named, or that lies below a folder that a user named.
struct PictureFile {
  std::string path;  ///< to open it
  std::string name;  ///< below the named folder; of a named file its last component
  bool operator==(const PictureFile&) const = default;
};

/// The pictures that words mean, in the order of the words: a file is itself, whatever its name; a
/// folder is every picture below it; "@LIST" is a text file with one such file or folder a line.
/// Below a folder names that begin with a dot are passed over, links are followed, and the order is
/// that in which intr-pack takes a split: by first folder, then by folder, then by name, each by
/// code points. A file that is not there is listed all the same: opening it says so.
/// @throws DataError for a folder without pictures, that cannot be listed, or with a loop of links
std::vector<PictureFile> find_pictures(const std::vector<std::string>& words);

}  // namespace intr
