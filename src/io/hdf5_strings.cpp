// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "hdf5_handles.h"
#include "intr/io/file_range.h"
#include "intr/io/global_heap.h"

namespace intr::hdf5 {

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

std::vector<std::string> File::read_strings(const std::string& name) const {
  const auto lock = exclusive();
  const Dataset dataset(checked(H5Dopen2(id(), name.c_str(), H5P_DEFAULT), "open " + name));
  const Datatype stored(checked(H5Dget_type(dataset.get()), "describe " + name));
  const std::uint64_t count = num_elements(name);
  std::size_t address_bytes = 0;
  std::size_t length_bytes = 0;
  const Properties creation(checked(H5Fget_create_plist(id()), "describe the file"));
  checked(H5Pget_sizes(creation.get(), &address_bytes, &length_bytes), "describe the file");
  if (H5Tis_variable_str(stored.get()) <= 0 || !is_contiguous(name) || address_bytes != 8) {
    throw DataError(fmt::format("{} holds no variable-length strings as we store them", name),
                    path_,
                    "the file is damaged or of another kind: make it again or copy it again");
  }
  if (count == 0) return {};
  if (writing_) checked(H5Fflush(id(), H5F_SCOPE_LOCAL), "flush");  // we read beside HDF5
  const std::uint64_t begin = byte_offset(name);
  std::vector<std::byte> elements(count * GlobalHeap::kReferenceBytes);
  read_bytes(begin, elements);
  GlobalHeap heap(
      [this](std::uint64_t offset, std::span<std::byte> out) { read_bytes(offset, out); },
      file_size(), path_);
  std::vector<std::string> values;
  values.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    values.push_back(heap.string(std::span(elements)
                                     .subspan(i * GlobalHeap::kReferenceBytes)
                                     .first<GlobalHeap::kReferenceBytes>()));
  }
  return values;
}

std::uint64_t File::file_size() const {
  const auto lock = exclusive();
  hsize_t size = 0;
  checked(H5Fget_filesize(id(), &size), "ask for the size");
  return size;
}

void File::read_bytes(std::uint64_t offset, std::span<std::byte> out) const {
  const auto lock = exclusive();
  const std::uint64_t size = file_size();
  if (offset > size || out.size() > size - offset) {
    throw DataError(fmt::format("claims bytes up to {}, but has {}", offset + out.size(), size),
                    path_, "the file is damaged: make it again or copy it again");
  }
  const Properties access(checked(H5Fget_access_plist(id()), "describe the file"));
  void* handle = nullptr;
  checked(H5Fget_vfd_handle(id(), access.get(), &handle), "find the bytes");
  if (H5Pget_driver(access.get()) == H5FD_CORE) {
    std::memcpy(out.data(), *static_cast<const std::byte* const*>(handle) + offset, out.size());
    return;
  }
  InputFile(path_).read(offset, out);
}

}  // namespace intr::hdf5
