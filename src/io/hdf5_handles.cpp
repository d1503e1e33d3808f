// SPDX-License-Identifier: Apache-2.0
#include "hdf5_handles.h"

#include <charconv>
#include <exception>
#include <limits>
#include <string_view>

#include "intr/core/log.h"

namespace intr::hdf5 {
namespace {

Datatype half_type() {
  Datatype type(H5Tcopy(H5T_IEEE_F32LE));
  // HDF5 wants the fields moved before the size shrinks, and the bias after.
  H5Tset_fields(type.get(), 15, 10, 5, 0, 10);
  H5Tset_size(type.get(), 2);
  H5Tset_ebias(type.get(), 15);
  return type;
}

}  // namespace

std::unique_lock<std::recursive_mutex> exclusive() {
  static std::recursive_mutex mutex;
  return std::unique_lock(mutex);
}

void log_close_failure() noexcept {
  if (std::uncaught_exceptions() > 0) {  // what failed first is on its way to the user
    H5Eclear2(H5E_DEFAULT);
    return;
  }
  try {
    log::warning("HDF5 could not close an object: {}", take_reason());
  } catch (...) {  // a destructor has nobody to tell
  }
}

std::string take_reason() {
  std::string reason;
  const auto remember = [](unsigned, const H5E_error2_t* error, void* text) -> herr_t {
    auto& innermost = *static_cast<std::string*>(text);
    if (innermost.empty() && error->desc != nullptr) innermost = error->desc;
    return 0;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, remember, &reason);
  H5Eclear2(H5E_DEFAULT);
  return reason.empty() ? "no reason given" : reason;
}

int system_error_in(const std::string& reason) noexcept {
  constexpr std::string_view kLabel = "errno = ";
  const std::size_t place = reason.find(kLabel);
  if (place == std::string::npos) return 0;
  int number = 0;
  const char* digits = reason.data() + place + kLabel.size();
  std::from_chars(digits, reason.data() + reason.size(), number);
  return number;
}

Datatype hdf5_type(Type type) {
  switch (type) {
    case Type::u8:
      return Datatype(H5Tcopy(H5T_STD_U8LE));
    case Type::i8:
      return Datatype(H5Tcopy(H5T_STD_I8LE));
    case Type::u16:
      return Datatype(H5Tcopy(H5T_STD_U16LE));
    case Type::u32:
      return Datatype(H5Tcopy(H5T_STD_U32LE));
    case Type::i32:
      return Datatype(H5Tcopy(H5T_STD_I32LE));
    case Type::u64:
      return Datatype(H5Tcopy(H5T_STD_U64LE));
    case Type::i64:
      return Datatype(H5Tcopy(H5T_STD_I64LE));
    case Type::f16:
      return half_type();
    case Type::f32:
      return Datatype(H5Tcopy(H5T_IEEE_F32LE));
    case Type::f64:
      return Datatype(H5Tcopy(H5T_IEEE_F64LE));
  }
  throw InternalError("an HDF5 type that is not in the list");
}

Properties access_properties() {
  // A file whose close failed, as on a full disk, stays in HDF5's table, and its exit handler
  // crashes on it (1.10.8). Everything is closed by its owner, so no handler is needed.
  static const herr_t once = H5dont_atexit();
  static_cast<void>(once);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // the setting belongs to the thread
  Properties access(H5Pcreate(H5P_FILE_ACCESS));
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_SEMI);
  // Superblock v2; virtual data sets need the 1.10 layout message, which nothing else then uses.
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V110);
  H5Pset_file_locking(access.get(), false, true);
  return access;
}

Properties untimed(hid_t list_class) {
  Properties properties(H5Pcreate(list_class));
  H5Pset_obj_track_times(properties.get(), false);
  return properties;
}

Properties contiguous() {
  Properties properties = untimed(H5P_DATASET_CREATE);
  H5Pset_layout(properties.get(), H5D_CONTIGUOUS);
  H5Pset_alloc_time(properties.get(), H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(properties.get(), H5D_FILL_TIME_NEVER);
  return properties;
}

Datatype variable_text() {
  Datatype type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

Datatype fixed_text(std::uint64_t length) {
  Datatype type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.get(), length);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  H5Tset_strpad(type.get(), H5T_STR_NULLPAD);
  return type;
}

Space simple_space(const Shape& shape) {
  const std::vector<hsize_t> dims(shape.begin(), shape.end());
  return Space(dims.empty()
                   ? H5Screate(H5S_SCALAR)
                   : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr));
}

std::uint64_t product(const Shape& shape) noexcept {
  std::uint64_t count = 1;
  for (const std::uint64_t size : shape) {
    if (size != 0 && count > std::numeric_limits<std::uint64_t>::max() / size)
      return std::numeric_limits<std::uint64_t>::max();
    count *= size;
  }
  return count;
}

}  // namespace intr::hdf5
