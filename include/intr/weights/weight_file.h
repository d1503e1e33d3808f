// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "intr/weights/tensor_table.h"
#include "intr/weights/value_tree.h"
#include "intr/weights/weight_format.h"
#include "intr/weights/weight_limits.h"

namespace intr {

/// What was met in a file beside tensors and values.
struct WeightReport {
  std::vector<std::string> constructors;  ///< "collections.OrderedDict", …: named by its pickle
  std::int64_t opcodes = 0;               ///< of its pickles
  std::vector<std::string> ignored;       ///< records of a zip file that mean nothing to us
  std::vector<std::string> notes;         ///< what a careful reader would want to know
};

/// A weight file of any format that we read: PyTorch's .pth (zip or legacy stream), safetensors, or
/// our checkpoint. The content decides the format. Nothing of the file is executed. Opening parses
/// and checks everything but the tensors' bytes; those are checked (CRC, block hashes) when they
/// are first read. For one thread. Move-only.
class WeightFile {
 public:
  /// @throws DataError "FILE: byte N: what is wrong", EnvironmentError if it cannot be read
  explicit WeightFile(const std::string& path, const WeightLimits& limits = {});
  WeightFile(WeightFile&&) noexcept;
  WeightFile& operator=(WeightFile&&) noexcept;
  ~WeightFile();

  const std::string& path() const noexcept;
  WeightFormat format() const noexcept;
  std::uint64_t file_bytes() const noexcept;

  /// Every tensor. A .pth file: in the order in which they are reached from the top, named by their
  /// path ("model/query_embed.weight"). safetensors: in the order of their bytes. Our checkpoints:
  /// as the .pth file that intr-weights would make of them ("model/…", then
  /// "optimizer/state/I/exp_avg", I counting trained tensors in the published optimizer's order).
  const std::vector<TensorEntry>& entries() const noexcept;
  /// Nothing if there is no tensor of this name.
  const TensorEntry* find(const std::string& name) const noexcept;
  /// @throws DataError if there is no such tensor
  const TensorEntry& entry(const std::string& name) const;

  /// The plain values beside the tensors, with their paths ("epoch", "args/nheads"). Empty for
  /// formats without them.
  void for_each_value(
      const std::function<void(const std::string& path, const Value& value)>& visit) const;
  /// The value at the top of a .pth file; nothing for other formats.
  std::optional<Value> top() const;
  /// Free text: of a safetensors header its `__metadata__`; of our checkpoints the JSON texts
  /// config, sampler, schedule, history, classes, environment.
  const std::map<std::string, std::string>& metadata() const noexcept;
  const WeightReport& report() const noexcept;

  /// Copies a tensor's values, row-major and little-endian. @param out exactly entry.bytes long
  /// @throws DataError if its bytes are damaged, or the file changed since it was opened
  void read(const TensorEntry& entry, std::span<std::byte> out) const;
  /// A tensor's values. @throws DataError if its type is not T's
  template <class T>
  std::vector<T> values(const std::string& name) const {
    const TensorEntry& found = require_type(name, dtype_of<T>());
    std::vector<T> result(static_cast<std::size_t>(found.num_values()));
    read(found, std::as_writable_bytes(std::span(result)));
    return result;
  }
  /// A floating-point tensor's values as f32. @param out exactly num_values() long
  /// @throws DataError for other types
  void read_f32(const TensorEntry& entry, std::span<float> out) const;
  /// Checks every byte of every storage that was not checked yet. @throws DataError
  void verify() const;

 private:
  const TensorEntry& require_type(const std::string& name, DType type) const;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace intr
