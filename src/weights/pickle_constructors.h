// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "intr/weights/tensor_table.h"

namespace intr {

/// What a name in a pickle may stand for. There is nothing to call: each has one fixed meaning.
enum class Constructor : std::uint8_t {
  ordered_dict,       ///< collections.OrderedDict
  counter,            ///< collections.Counter, which learning-rate schedules of torch use
  rebuild_tensor,     ///< torch._utils._rebuild_tensor_v2
  rebuild_parameter,  ///< torch._utils._rebuild_parameter
  name_space,         ///< argparse.Namespace
  size,               ///< torch.Size
  device,             ///< torch.device
  storage,            ///< torch.FloatStorage, torch.cuda.HalfStorage, …
  dtype,              ///< torch.float32, …
};

struct KnownConstructor {
  Constructor what = Constructor::ordered_dict;
  DType type = DType::other;  ///< of a storage or dtype

  /// As one number and back, to stand in a value tree.
  std::int64_t code() const noexcept;
  static KnownConstructor of(std::int64_t code) noexcept;
};

/// Compares both names as whole texts. Nothing for a name that is not on the list.
std::optional<KnownConstructor> find_constructor(std::string_view module, std::string_view name);

/// The class of a storage in the module torch: "FloatStorage". @param type not DType::other
std::string_view storage_class(DType type);

/// What to do about honest Python values that a weight file has no place for.
inline constexpr const char* kPlainAdvice =
    "before saving, turn it into numbers, texts, lists and dicts in Python (list(x), str(x), "
    "dict(x)), or leave it out";

/// What to do about a name that is not on the list.
std::string advice_on(std::string_view module, std::string_view name);

}  // namespace intr
