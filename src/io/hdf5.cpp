// SPDX-License-Identifier: Apache-2.0
#include "intr/io/hdf5.h"

#include <algorithm>
#include <filesystem>
#include <limits>

#include "hdf5_handles.h"

namespace intr::hdf5 {

File::File(Handle<H5Fclose> file, std::string path, bool writing)
    : file_(std::move(file)), path_(std::move(path)), writing_(writing) {}

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
  // HDF5 takes images of one name for one file: an image that is still open would be read instead.
  static std::uint64_t num_images = 0;
  const std::string unique = fmt::format("{}#{}", name, num_images++);
  File file(Handle<H5Fclose>(H5Fopen(unique.c_str(), H5F_ACC_RDONLY, access.get())), name, false);
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
  const std::uint64_t count = product(shape(name));
  // A damaged header can claim any size; memory is taken only for what the file can hold. Filters
  // shrink data at most by about a thousand; virtual data lie in other files.
  const Dataset dataset(checked(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "open " + name));
  const Properties creation(checked(H5Dget_create_plist(dataset.get()), "describe " + name));
  const H5D_layout_t layout = H5Pget_layout(creation.get());
  const std::uint64_t most = layout == H5D_CHUNKED ? file_size() * 1024 : file_size();
  if (layout != H5D_VIRTUAL && count > most) {
    throw DataError(
        fmt::format("{} claims {} elements in a file of {} bytes", name, count, file_size()), path_,
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

File::Storage File::storage(const std::string& name) const {
  const auto lock = exclusive();
  H5L_info_t link = {};
  checked(H5Lget_info(id(), name.c_str(), &link, H5P_DEFAULT), "look at " + name);
  if (link.type != H5L_TYPE_HARD) return Storage::elsewhere;
  if (is_contiguous(name)) return Storage::plain;
  const Dataset dataset(checked(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "open " + name));
  const Properties creation(checked(H5Dget_create_plist(dataset.get()), "describe " + name));
  const H5D_layout_t layout = H5Pget_layout(creation.get());
  if (layout == H5D_COMPACT) return Storage::packed;
  if (layout != H5D_CHUNKED) return Storage::elsewhere;
  std::vector<hsize_t> chunk(H5S_MAX_RANK);
  const int rank =
      checked(H5Pget_chunk(creation.get(), H5S_MAX_RANK, chunk.data()), "describe " + name);
  chunk.resize(static_cast<std::size_t>(rank));
  const Datatype stored(checked(H5Dget_type(dataset.get()), "describe " + name));
  chunk.push_back(H5Tget_size(stored.get()));
  constexpr std::uint64_t kLargest = std::uint64_t{256} << 20;
  return product(Shape(chunk.begin(), chunk.end())) <= kLargest ? Storage::packed
                                                                : Storage::elsewhere;
}

std::uint64_t File::end() const {
  const auto lock = exclusive();
  haddr_t end = 0;
  checked(H5Fget_eoa(id(), &end), "ask for the end");
  return end;
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
