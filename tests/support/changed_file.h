// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "intr/io/hdf5.h"

namespace intr::test {

/// Changes an HDF5 file that has its final name, as another program might.
inline void change(const std::string& path, const std::function<void(hdf5::File&)>& action) {
  hdf5::File file = hdf5::File::open_to_change(path);
  action(file);
  file.close();
}

inline void remove_attribute(hdf5::File& file, const std::string& object, const std::string& name) {
  H5Adelete_by_name(file.id(), object.c_str(), name.c_str(), H5P_DEFAULT);
}

template <class T>
void replace_numbers(hdf5::File& file, const std::string& object, const std::string& name,
                     const std::vector<T>& values) {
  remove_attribute(file, object, name);
  file.set_numbers(object, name, values);
}

template <class T>
void replace_number(hdf5::File& file, const std::string& object, const std::string& name, T value) {
  remove_attribute(file, object, name);
  file.set_number(object, name, value);
}

/// Takes a data set away; the file goes on without it.
inline void remove_data_set(hdf5::File& file, const std::string& name) {
  H5Ldelete(file.id(), name.c_str(), H5P_DEFAULT);
}

/// One value of a data set, in row-major order. The rest and the shape stay.
template <class T>
void replace_value(hdf5::File& file, const std::string& name, std::size_t at, T value) {
  std::vector<T> values = file.read<T>(name);
  const hdf5::Shape shape = file.shape(name);
  values.at(at) = value;
  remove_data_set(file, name);
  file.write<T>(name, std::span<const T>(values), shape);
}

/// All values of a data set under another type or shape.
template <class T>
void replace_data_set(hdf5::File& file, const std::string& name, const std::vector<T>& values,
                      const hdf5::Shape& shape) {
  remove_data_set(file, name);
  file.write<T>(name, std::span<const T>(values), shape);
}

}  // namespace intr::test
