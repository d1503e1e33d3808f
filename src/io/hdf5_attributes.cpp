// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hdf5_handles.h"

namespace intr::hdf5 {

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
  // HDF5 writes as many texts as the file claims, however little room there is.
  if (H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) != 0 ||
      attribute_elements(object, name) != 1) {
    throw DataError(fmt::format("attribute {} is no fixed-length text", name), path_,
                    "make the file again");
  }
  const std::uint64_t length = H5Tget_size(type.get());
  if (length > file_size()) {  // a damaged header can claim any length
    throw DataError(fmt::format("attribute {} claims {} bytes", name, length), path_,
                    "the file is damaged: make it again or copy it again");
  }
  std::string value(length, '\0');
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
  if (count == 0 || count > file_size()) {
    throw DataError(fmt::format("attribute {} claims {} elements", name, count), path_,
                    "the file is damaged: make it again or copy it again");
  }
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

}  // namespace intr::hdf5
