// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "intr/io/hdf5.h"
#include "intr/weights/checkpoint_file.h"

namespace intr {

inline constexpr std::size_t kCheckpointDimensions = 4;  ///< of a tensor at most

/// XXH3-64 of each block of a data set's bytes.
std::vector<std::uint64_t> block_hashes(std::span<const std::byte> bytes);

/// Reads data sets of a checkpoint and compares each block with its stored hash.
class CheckpointReader {
 public:
  /// @throws DataError if it is no checkpoint, or of an unknown version
  explicit CheckpointReader(const std::string& path);
  const hdf5::File& file() const { return file_; }

  template <class T>
  std::vector<T> read(const std::string& name) const {
    require_plain(name);
    std::vector<T> values = file_.read<T>(name);
    check(name, std::as_bytes(std::span(values)));
    return values;
  }
  /// Checks a one-dimensional data set of f32 block by block. @return its values
  std::uint64_t verify_floats(const std::string& name) const;
  std::vector<std::string> read_names(const std::string& name) const;
  std::string read_text(const std::string& name) const;
  nlohmann::ordered_json read_json(const std::string& name) const;
  /// The stored hashes of a data set's blocks.
  std::vector<std::uint64_t> stored_hashes(const std::string& name) const;
  std::vector<CheckpointTensor> read_index() const;
  /// Step, epoch, position and phase.
  void read_attributes(Checkpoint& checkpoint) const;
  /// All but the arrays of values, and whether these have the lengths that the index wants.
  Checkpoint read_head() const;
  void require_layout(const std::vector<CheckpointTensor>& tensors, std::uint64_t trainable,
                      std::uint64_t frozen) const;
  /// Reads everything, keeping no more than a block of the arrays. @return what read_head does
  Checkpoint verify() const;
  /// @throws DataError unless the data set is there and lies in the file in one piece
  void require_plain(const std::string& name) const;
  [[noreturn]] void fail(const std::string& what) const;

 private:
  void check_kind() const;
  void check(const std::string& name, std::span<const std::byte> bytes) const;
  void compare(const std::string& name, const std::vector<std::uint64_t>& found) const;
  hdf5::File file_;
};

/// What is wrong with tensors that should lie in their arrays one after another without gaps; empty
/// if nothing is. @param trainable, frozen values in the two arrays
std::string checkpoint_layout_fault(const std::vector<CheckpointTensor>& tensors,
                                    std::uint64_t trainable, std::uint64_t frozen);

}  // namespace intr
