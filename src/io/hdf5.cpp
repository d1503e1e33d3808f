// SPDX-License-Identifier: Apache-2.0
#include "intr/io/hdf5.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <numeric>

#include "intr/core/error.h"
#include "intr/core/log.h"

namespace intr::hdf5 {
namespace {

using Dataset = Handle<H5Dclose>;
using Space = Handle<H5Sclose>;
using Datatype = Handle<H5Tclose>;
using Properties = Handle<H5Pclose>;
using Attribute = Handle<H5Aclose>;

/// The innermost message of HDF5's error stack, and clears it. Printing is turned off, per thread.
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

void be_silent() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

Datatype half_type() {
  Datatype type(H5Tcopy(H5T_IEEE_F32LE));
  // HDF5 wants the fields moved before the size shrinks, and the bias after.
  H5Tset_fields(type.get(), 15, 10, 5, 0, 10);
  H5Tset_size(type.get(), 2);
  H5Tset_ebias(type.get(), 15);
  return type;
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
  be_silent();
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

std::uint64_t product(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>());
}

Space simple_space(const Shape& shape) {
  const std::vector<hsize_t> dims(shape.begin(), shape.end());
  return Space(dims.empty()
                   ? H5Screate(H5S_SCALAR)
                   : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr));
}

}  // namespace

std::unique_lock<std::recursive_mutex> exclusive() {
  static std::recursive_mutex mutex;
  return std::unique_lock(mutex);
}

void log_close_failure() noexcept {
  try {
    log::warning("HDF5 could not close an object: {}", take_reason());
  } catch (...) {  // a destructor has nobody to tell
  }
}

File::File(Handle<H5Fclose> file, std::string path, bool writing)
    : file_(std::move(file)), path_(std::move(path)), writing_(writing) {}

template <class Result>
Result File::checked(Result result, std::string_view action) const {
  if (result >= 0) return result;
  const std::string what = fmt::format("cannot {}: {}", action, take_reason());
  if (writing_) throw EnvironmentError(what, path_, "check free space and permissions");
  throw DataError(what, path_,
                  "the file is damaged or of another kind: make it again or copy it again");
}

File File::create(const std::string& path, std::uint64_t alignment) {
  const auto lock = exclusive();
  const Properties access = access_properties();
  if (alignment > 1) H5Pset_alignment(access.get(), alignment, alignment);
  const Properties creation = untimed(H5P_FILE_CREATE);
  File file(Handle<H5Fclose>(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), access.get())),
            path, true);
  file.checked(file.id(), "create");
  return file;
}

File File::open(const std::string& path) {
  const auto lock = exclusive();
  const Properties access = access_properties();
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored))
    throw DataError("no such file", path, "check the path");
  File file(Handle<H5Fclose>(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get())), path, false);
  file.checked(file.id(), "open as HDF5");
  return file;
}

File File::open_to_change(const std::string& path) {
  const auto lock = exclusive();
  const Properties access = access_properties();
  File file(Handle<H5Fclose>(H5Fopen(path.c_str(), H5F_ACC_RDWR, access.get())), path, true);
  file.checked(file.id(), "open as HDF5");
  return file;
}

File File::open_memory(std::span<const std::byte> bytes, const std::string& name) {
  const auto lock = exclusive();
  const Properties access = access_properties();
  H5Pset_fapl_core(access.get(), 1 << 20, false);
  // HDF5 takes a non-const pointer and copies the image.
  H5Pset_file_image(access.get(), const_cast<std::byte*>(bytes.data()), bytes.size());
  File file(Handle<H5Fclose>(H5Fopen(name.c_str(), H5F_ACC_RDONLY, access.get())), name, false);
  file.checked(file.id(), "read as HDF5");
  return file;
}

void File::make_group(const std::string& name) {
  const auto lock = exclusive();
  const Properties creation = untimed(H5P_GROUP_CREATE);
  Handle<H5Gclose>(checked(H5Gcreate2(id(), name.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
                           "create " + name));
}

bool File::exists(const std::string& name) const {
  const auto lock = exclusive();
  if (name == "/") return true;
  for (std::size_t slash = name.find('/', 1); slash != std::string::npos;
       slash = name.find('/', slash + 1)) {
    if (checked(H5Lexists(id(), name.substr(0, slash).c_str(), H5P_DEFAULT), "look for " + name) ==
        0)
      return false;
  }
  return checked(H5Lexists(id(), name.c_str(), H5P_DEFAULT), "look for " + name) > 0;
}

std::vector<std::string> File::members(const std::string& group) const {
  const auto lock = exclusive();
  std::vector<std::string> names;
  const auto remember = [](hid_t, const char* name, const H5L_info_t*, void* out) -> herr_t {
    static_cast<std::vector<std::string>*>(out)->emplace_back(name);
    return 0;
  };
  checked(H5Literate_by_name(id(), group.c_str(), H5_INDEX_NAME, H5_ITER_INC, nullptr, remember,
                             &names, H5P_DEFAULT),
          "list " + group);
  std::sort(names.begin(), names.end());
  return names;
}

void File::create_dataset(const std::string& name, Type type, const Shape& shape, bool nan_fill) {
  const auto lock = exclusive();
  const Datatype datatype = hdf5_type(type);
  const Space space = simple_space(shape);
  const Properties creation = contiguous();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  if (nan_fill) {
    checked(H5Pset_fill_value(creation.get(), H5T_NATIVE_FLOAT, &nan),
            "set the fill value of " + name);
  }
  Dataset(checked(H5Dcreate2(id(), name.c_str(), datatype.get(), space.get(), H5P_DEFAULT,
                             creation.get(), H5P_DEFAULT),
                  "create " + name));
}

void File::write_raw(const std::string& name, Type type, const void* values, std::uint64_t count,
                     const Shape& shape) {
  const auto lock = exclusive();
  if (product(shape) != count)
    throw InternalError(fmt::format("{} values for {}", count, name), path_);
  create_dataset(name, type, shape);
  if (count == 0) return;
  const Dataset dataset(checked(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "open " + name));
  const Datatype datatype = hdf5_type(type);
  checked(H5Dwrite(dataset.get(), datatype.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
          "write " + name);
}

void File::write_range_raw(const std::string& name, Type type, std::uint64_t first,
                           const void* values, std::uint64_t count) {
  const auto lock = exclusive();
  if (count == 0) return;
  const Dataset dataset(checked(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "open " + name));
  const Space in_file(checked(H5Dget_space(dataset.get()), "describe " + name));
  const hsize_t start = first;
  const hsize_t length = count;
  checked(H5Sselect_hyperslab(in_file.get(), H5S_SELECT_SET, &start, nullptr, &length, nullptr),
          "select in " + name);
  const Space in_memory = simple_space({count});
  const Datatype datatype = hdf5_type(type);
  checked(
      H5Dwrite(dataset.get(), datatype.get(), in_memory.get(), in_file.get(), H5P_DEFAULT, values),
      "write " + name);
}

void File::write_enum(const std::string& name, std::span<const std::uint8_t> values,
                      const EnumMembers& members) {
  const auto lock = exclusive();
  const Datatype type(H5Tenum_create(H5T_STD_U8LE));
  for (const auto& [member, value] : members)
    checked(H5Tenum_insert(type.get(), member.c_str(), &value), "name a value of " + name);
  const Space space = simple_space({values.size()});
  const Properties creation = contiguous();
  const Dataset dataset(checked(H5Dcreate2(id(), name.c_str(), type.get(), space.get(), H5P_DEFAULT,
                                           creation.get(), H5P_DEFAULT),
                                "create " + name));
  if (values.empty()) return;
  checked(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
          "write " + name);
}

void File::write_strings(const std::string& name, const std::vector<std::string>& values) {
  const auto lock = exclusive();
  const Datatype type = variable_text();
  const Space space = simple_space({values.size()});
  const Properties creation = untimed(H5P_DATASET_CREATE);
  const Dataset dataset(checked(H5Dcreate2(id(), name.c_str(), type.get(), space.get(), H5P_DEFAULT,
                                           creation.get(), H5P_DEFAULT),
                                "create " + name));
  std::vector<const char*> pointers;
  for (const std::string& value : values) pointers.push_back(value.c_str());
  if (!values.empty()) {
    checked(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()),
            "write " + name);
  }
}

File::FixedStrings File::FixedStrings::pack(const std::vector<std::string>& values) {
  FixedStrings packed{.length = 1, .bytes = {}};
  for (const std::string& value : values)
    packed.length = std::max<std::uint64_t>(packed.length, value.size());
  for (const std::string& value : values) {
    packed.bytes += value;
    packed.bytes.append(packed.length - value.size(), '\0');
  }
  return packed;
}

std::vector<std::string> File::FixedStrings::unpack() const {
  std::vector<std::string> values;
  for (std::uint64_t first = 0; first < bytes.size(); first += length) {
    std::string value = bytes.substr(first, length);
    value.erase(value.find_last_not_of('\0') + 1);
    values.push_back(std::move(value));
  }
  return values;
}

void File::write_fixed_strings(const std::string& name, const FixedStrings& values) {
  const auto lock = exclusive();
  const Datatype type = fixed_text(values.length);
  const Space space = simple_space({values.bytes.size() / values.length});
  const Properties creation = contiguous();
  const Dataset dataset(checked(H5Dcreate2(id(), name.c_str(), type.get(), space.get(), H5P_DEFAULT,
                                           creation.get(), H5P_DEFAULT),
                                "create " + name));
  if (values.bytes.empty()) return;
  checked(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.bytes.data()),
          "write " + name);
}

File::FixedStrings File::read_fixed_strings(const std::string& name) const {
  const auto lock = exclusive();
  const Dataset dataset(checked(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "open " + name));
  const Datatype stored(checked(H5Dget_type(dataset.get()), "describe " + name));
  constexpr std::uint64_t kLongest = 1 << 16;  // a damaged header can claim any length
  const std::uint64_t length = H5Tget_size(stored.get());
  if (H5Tget_class(stored.get()) != H5T_STRING || H5Tis_variable_str(stored.get()) != 0 ||
      length == 0 || length > kLongest) {
    throw DataError(fmt::format("{} holds no fixed-length strings", name), path_,
                    "the file is damaged or of another kind: make it again or copy it again");
  }
  FixedStrings values{.length = length, .bytes = std::string(num_elements(name) * length, '\0')};
  if (values.bytes.empty()) return values;
  const Datatype type = fixed_text(length);
  checked(H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.bytes.data()),
          "read " + name);
  return values;
}

Shape File::shape(const std::string& name) const {
  const auto lock = exclusive();
  const Dataset dataset(checked(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "open " + name));
  const Space space(checked(H5Dget_space(dataset.get()), "describe " + name));
  const int rank = checked(H5Sget_simple_extent_ndims(space.get()), "describe " + name);
  std::vector<hsize_t> dims(static_cast<std::size_t>(rank));
  if (rank > 0)
    checked(H5Sget_simple_extent_dims(space.get(), dims.data(), nullptr), "describe " + name);
  return Shape(dims.begin(), dims.end());
}

Type File::element_type(const std::string& name) const {
  const auto lock = exclusive();
  constexpr Type kTypes[] = {Type::u8,  Type::i8,  Type::u16, Type::u32, Type::i32,
                             Type::u64, Type::i64, Type::f16, Type::f32, Type::f64};
  const Dataset dataset(checked(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "open " + name));
  const Datatype stored(checked(H5Dget_type(dataset.get()), "describe " + name));
  for (const Type type : kTypes) {
    if (checked(H5Tequal(stored.get(), hdf5_type(type).get()), "compare the type of " + name) > 0)
      return type;
  }
  throw DataError(fmt::format("{} holds elements of an unknown type", name), path_,
                  "the file is damaged or of another kind: make it again or copy it again");
}

std::uint64_t File::num_elements(const std::string& name) const {
  const auto lock = exclusive();
  const Shape dims = shape(name);
  const std::uint64_t count = product(dims);
  // A damaged header can claim any size; memory is taken only for what the file can hold.
  const Dataset dataset(checked(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "open " + name));
  hsize_t file_size = 0;
  checked(H5Fget_filesize(id(), &file_size), "ask for the size");
  const Properties creation(checked(H5Dget_create_plist(dataset.get()), "describe " + name));
  if (H5Pget_layout(creation.get()) == H5D_CONTIGUOUS && count > file_size) {
    throw DataError(
        fmt::format("{} claims {} elements in a file of {} bytes", name, count, file_size), path_,
        "the file is damaged: make it again or copy it again");
  }
  return count;
}

void File::read_raw(const std::string& name, Type type, std::uint64_t first, void* values,
                    std::uint64_t count) const {
  const auto lock = exclusive();
  const Dataset dataset(checked(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "open " + name));
  if (count == 0) return;
  const Datatype datatype = hdf5_type(type);
  if (first == 0 && count == product(shape(name))) {
    checked(H5Dread(dataset.get(), datatype.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
            "read " + name);
    return;
  }
  const Space in_file(checked(H5Dget_space(dataset.get()), "describe " + name));
  const hsize_t start = first;
  const hsize_t length = count;
  checked(H5Sselect_hyperslab(in_file.get(), H5S_SELECT_SET, &start, nullptr, &length, nullptr),
          "select in " + name);
  const Space in_memory = simple_space({count});
  checked(
      H5Dread(dataset.get(), datatype.get(), in_memory.get(), in_file.get(), H5P_DEFAULT, values),
      "read " + name);
}

std::vector<std::string> File::read_strings(const std::string& name) const {
  const auto lock = exclusive();
  const Dataset dataset(checked(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "open " + name));
  std::vector<char*> pointers(num_elements(name));
  if (pointers.empty()) return {};
  const Datatype type = variable_text();
  checked(H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()),
          "read " + name);
  std::vector<std::string> values;
  for (const char* pointer : pointers) values.emplace_back(pointer != nullptr ? pointer : "");
  const Space space(checked(H5Dget_space(dataset.get()), "describe " + name));
  H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, pointers.data());
  return values;
}

std::uint64_t File::byte_offset(const std::string& name) const {
  const auto lock = exclusive();
  const Dataset dataset(checked(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "open " + name));
  const haddr_t offset = H5Dget_offset(dataset.get());
  if (offset == HADDR_UNDEF) {
    H5Eclear2(H5E_DEFAULT);
    return 0;
  }
  return offset;
}

bool File::is_contiguous(const std::string& name) const {
  const auto lock = exclusive();
  const Dataset dataset(checked(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "open " + name));
  const Properties creation(checked(H5Dget_create_plist(dataset.get()), "describe " + name));
  return H5Pget_layout(creation.get()) == H5D_CONTIGUOUS &&
         H5Pget_external_count(creation.get()) == 0 && H5Pget_nfilters(creation.get()) == 0;
}

void File::set_text(const std::string& object, const std::string& name, std::string_view value) {
  const auto lock = exclusive();
  const Datatype type = fixed_text(std::max<std::size_t>(1, value.size()));
  const Space space(H5Screate(H5S_SCALAR));
  const Attribute attribute(
      checked(H5Acreate_by_name(id(), object.c_str(), name.c_str(), type.get(), space.get(),
                                H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
              "create attribute " + name));
  const std::string stored = value.empty() ? std::string(1, '\0') : std::string(value);
  checked(H5Awrite(attribute.get(), type.get(), stored.data()), "write attribute " + name);
}

void File::set_raw(const std::string& object, const std::string& name, Type type,
                   const void* values, std::uint64_t count, bool scalar) {
  const auto lock = exclusive();
  const Datatype datatype = hdf5_type(type);
  const Space space = scalar ? simple_space({}) : simple_space({count});
  const Attribute attribute(
      checked(H5Acreate_by_name(id(), object.c_str(), name.c_str(), datatype.get(), space.get(),
                                H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
              "create attribute " + name));
  if (count > 0)
    checked(H5Awrite(attribute.get(), datatype.get(), values), "write attribute " + name);
}

bool File::has_attribute(const std::string& object, const std::string& name) const {
  const auto lock = exclusive();
  return exists(object) &&
         checked(H5Aexists_by_name(id(), object.c_str(), name.c_str(), H5P_DEFAULT),
                 "look for attribute " + name) > 0;
}

std::string File::text(const std::string& object, const std::string& name) const {
  const auto lock = exclusive();
  const Attribute attribute(
      checked(H5Aopen_by_name(id(), object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
              "open attribute " + name));
  const Datatype type(checked(H5Aget_type(attribute.get()), "describe attribute " + name));
  if (H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) != 0) {
    throw DataError(fmt::format("attribute {} is no fixed-length text", name), path_,
                    "make the file again");
  }
  std::string value(H5Tget_size(type.get()), '\0');
  checked(H5Aread(attribute.get(), type.get(), value.data()), "read attribute " + name);
  while (!value.empty() && value.back() == '\0') value.pop_back();
  return value;
}

std::uint64_t File::attribute_elements(const std::string& object, const std::string& name) const {
  const auto lock = exclusive();
  const Attribute attribute(
      checked(H5Aopen_by_name(id(), object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
              "open attribute " + name));
  const Space space(checked(H5Aget_space(attribute.get()), "describe attribute " + name));
  const auto count = static_cast<std::uint64_t>(
      checked(H5Sget_simple_extent_npoints(space.get()), "describe " + name));
  if (count == 0)
    throw DataError(fmt::format("attribute {} is empty", name), path_, "make the file again");
  return count;
}

void File::get_raw(const std::string& object, const std::string& name, Type type,
                   void* values) const {
  const auto lock = exclusive();
  const Attribute attribute(
      checked(H5Aopen_by_name(id(), object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
              "open attribute " + name));
  const Datatype datatype = hdf5_type(type);
  checked(H5Aread(attribute.get(), datatype.get(), values), "read attribute " + name);
}

void File::write_virtual(const std::string& name, Type type,
                         const std::vector<VirtualPiece>& pieces) {
  const auto lock = exclusive();
  Shape total = {0};
  for (const VirtualPiece& piece : pieces) total[0] += piece.size;
  const Datatype datatype = hdf5_type(type);
  const Space space = simple_space(total);
  const Properties creation = untimed(H5P_DATASET_CREATE);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  checked(H5Pset_fill_value(creation.get(), H5T_NATIVE_FLOAT, &nan),
          "set the fill value of " + name);
  hsize_t start = 0;
  for (const VirtualPiece& piece : pieces) {
    const hsize_t length = piece.size;
    if (length == 0) continue;
    const Space source = simple_space({piece.size});
    checked(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, &start, nullptr, &length, nullptr),
            "select in " + name);
    checked(H5Pset_virtual(creation.get(), space.get(), piece.file.c_str(), piece.dataset.c_str(),
                           source.get()),
            "map " + piece.file);
    start += length;
  }
  H5Sselect_all(space.get());
  Dataset(checked(H5Dcreate2(id(), name.c_str(), datatype.get(), space.get(), H5P_DEFAULT,
                             creation.get(), H5P_DEFAULT),
                  "create " + name));
}

void File::flush() {
  const auto lock = exclusive();
  checked(H5Fflush(id(), H5F_SCOPE_LOCAL), "flush");
}

void File::close() {
  const auto lock = exclusive();
  checked(H5Fclose(id()), "close");
  file_.release();
}

}  // namespace intr::hdf5
