// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace intr {

/// What a source knows of a picture beside its class. In pixels of the picture.
struct Annotations {
  /// x, y, width, height; NaN = none.
  std::array<float, 4> box = {NAN, NAN, NAN, NAN};
  /// x and y of each part of Listing::part_names, and whether it is seen. Empty = none.
  std::vector<float> part_xy;
  std::vector<std::uint8_t> part_visible;
};

/// A picture before it is packed.
struct SourceFile {
  std::string path;  ///< below the split folder, raw bytes
  std::int32_t label = 0;
  std::uint64_t sample_id = 0;  ///< place in the split, over all files found
  std::uint64_t size = 0;       ///< bytes of the source
  std::int64_t mtime_ns = 0;
  Annotations annotations = {};
};

struct SourceSplit {
  std::string name;
  std::vector<SourceFile> files;
};

/// Everything that will be packed, in final order.
struct Listing {
  std::vector<std::string> classes;  ///< raw bytes; place = label
  std::vector<SourceSplit> splits;
  std::map<std::string, std::int64_t> not_listed;  ///< files without a picture's extension
  std::vector<std::string> warnings;
  bool has_boxes = false;               ///< some picture may have a box
  std::vector<std::string> part_names;  ///< parts that pictures may have; empty = none
  std::int64_t num_files() const;
};

/// The encoded picture of a file.
struct LoadedFile {
  std::vector<std::byte> bytes;  ///< as they will be stored
  std::uint64_t source_hash = 0;
  std::uint32_t flags = 0;  ///< bits of ImageFlag that the source knows of
};

/// Where pictures come from.
class PictureSource {
 public:
  virtual ~PictureSource() = default;
  /// Finds every picture without reading any. @throws DataError
  virtual Listing scan() = 0;
  /// Gets ready to load what another rank found: scan() ran there, not here.
  virtual void adopt(const Listing&) {}
  /// Reads one picture. Thread-safe. @throws DataError if it changed since the scan
  virtual LoadedFile load(const std::string& split, const SourceFile& file) const = 0;
  /// The file or place, for messages.
  virtual std::string name_of(const std::string& split, const SourceFile& file) const = 0;
  /// How pictures are stored: "original", or what they are re-encoded as.
  virtual const char* stored_as() const = 0;
};

/// Rules that every source follows.
struct SourceRules {
  std::vector<std::string> splits = {"train", "val"};
  std::vector<std::string> classes = {};  ///< the class list that is wanted; empty: what is found
  bool allow_empty = false;               ///< classes without pictures are fine
};

/// Refuses classes without pictures, splits without pictures; warns of names that differ in case
/// only. @param source for messages
void check_listing(Listing& listing, const SourceRules& rules, const std::string& source);

/// Names for a message: all if they are few.
std::string shown(const std::vector<std::string>& names);

}  // namespace intr
