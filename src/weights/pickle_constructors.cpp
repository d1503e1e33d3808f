// SPDX-License-Identifier: Apache-2.0
#include "pickle_constructors.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "intr/core/error.h"

namespace intr {
namespace {

struct Listed {
  std::string_view module;
  std::string_view name;
  Constructor what;
};
constexpr std::array<Listed, 7> kFunctions = {{
    {"collections", "OrderedDict", Constructor::ordered_dict},
    {"collections", "Counter", Constructor::counter},
    {"torch._utils", "_rebuild_tensor_v2", Constructor::rebuild_tensor},
    {"torch._utils", "_rebuild_parameter", Constructor::rebuild_parameter},
    {"argparse", "Namespace", Constructor::name_space},
    {"torch", "Size", Constructor::size},
    {"torch", "device", Constructor::device},
}};

struct ListedType {
  std::string_view storage;
  std::string_view dtype;
  DType type;
};
constexpr std::array<ListedType, 10> kTypes = {{
    {"DoubleStorage", "float64", DType::f64},
    {"FloatStorage", "float32", DType::f32},
    {"HalfStorage", "float16", DType::f16},
    {"BFloat16Storage", "bfloat16", DType::bf16},
    {"LongStorage", "int64", DType::i64},
    {"IntStorage", "int32", DType::i32},
    {"ShortStorage", "int16", DType::i16},
    {"CharStorage", "int8", DType::i8},
    {"ByteStorage", "uint8", DType::u8},
    {"BoolStorage", "bool", DType::boolean},
}};
constexpr std::int64_t kTypeRange = 16;

}  // namespace

std::int64_t KnownConstructor::code() const noexcept {
  return static_cast<std::int64_t>(what) * kTypeRange + static_cast<std::int64_t>(type);
}

KnownConstructor KnownConstructor::of(std::int64_t code) noexcept {
  return {static_cast<Constructor>(code / kTypeRange), static_cast<DType>(code % kTypeRange)};
}

std::optional<KnownConstructor> find_constructor(std::string_view module, std::string_view name) {
  for (const Listed& listed : kFunctions)
    if (listed.module == module && listed.name == name)
      return KnownConstructor{.what = listed.what};
  const bool torch = module == "torch";
  for (const ListedType& listed : kTypes) {
    if ((torch || module == "torch.cuda") && listed.storage == name)
      return KnownConstructor{Constructor::storage, listed.type};
    if (torch && listed.dtype == name) return KnownConstructor{Constructor::dtype, listed.type};
  }
  return {};
}

std::string_view storage_class(DType type) {
  for (const ListedType& listed : kTypes)
    if (listed.type == type) return listed.storage;
  throw InternalError("a type that has no storage class", name_of(type));
}

std::string advice_on(std::string_view module, std::string_view name) {
  const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (module.starts_with("numpy"))
    return "save plain numbers and tensors: float(x), torch.from_numpy(x) in Python";
  if (module.starts_with("torch.nn") || module.starts_with("__torch__"))
    return "it holds a whole module: save model.state_dict() in Python";
  if (is_one_of({"_rebuild_from_type_v2", "_rebuild_parameter_with_state"}))
    return "save a plain tensor: x.detach().clone() in Python, or model.state_dict()";
  if (name.starts_with("_rebuild_meta"))
    return "a tensor on the device \"meta\" has no values: leave it out";
  if (name == "UntypedStorage" || name == "TypedStorage")
    return "save the tensor instead of its storage";
  const bool torch = module.starts_with("torch");
  if (torch && (name.ends_with("Storage") || name.starts_with("_rebuild")))
    return "convert it to a dense tensor of float32 in Python: x.to_dense().float()";
  const bool plain_builtin =
      (module == "builtins" || module == "__builtin__") &&
      is_one_of({"set", "frozenset", "complex", "bytearray", "range", "slice"});
  const bool plain_module = module == "collections" || module == "pathlib" ||
                            module == "datetime" || module == "decimal" || module == "fractions" ||
                            module == "uuid" || module == "_codecs" ||
                            module == "torch.torch_version";
  if (plain_builtin || plain_module) return kPlainAdvice;
  return "do not load this file with torch.load either, unless you trust who made it";
}

}  // namespace intr
