// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cerrno>

#include "intr/core/error.h"
#include "intr/io/hdf5.h"

/// What the sources behind intr/io/hdf5.h share.
namespace intr::hdf5 {

using Dataset = Handle<H5Dclose>;
using Space = Handle<H5Sclose>;
using Datatype = Handle<H5Tclose>;
using Properties = Handle<H5Pclose>;
using Attribute = Handle<H5Aclose>;

/// The innermost message of HDF5's error stack, which is cleared.
std::string take_reason();

/// The errno value that a message of HDF5's file driver tells; 0: none.
int system_error_in(const std::string& reason) noexcept;

/// For opening and creating files: no locks, and errors print nothing by themselves.
Properties access_properties();
/// Properties of a class of objects, without times.
Properties untimed(hid_t list_class);
/// Properties of our data sets: contiguous, allocated early, unfilled.
Properties contiguous();

Datatype hdf5_type(Type type);
Datatype variable_text();
Datatype fixed_text(std::uint64_t length);
Space simple_space(const Shape& shape);
/// Elements of a shape; the largest number if that overflows, as a damaged header can claim.
std::uint64_t product(const Shape& shape) noexcept;

template <class Result>
Result File::checked(Result result, std::string_view action) const {
  if (result >= 0) return result;
  const std::string reason = take_reason();
  const int error_number = system_error_in(reason);
  if (writing_ && (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG))
    throw_system_error(action, path_, error_number);
  const std::string what = fmt::format("cannot {}: {}", action, reason);
  if (writing_) throw EnvironmentError(what, path_, "check free space and permissions");
  throw DataError(what, path_,
                  "the file is damaged or of another kind: make it again or copy it again");
}

}  // namespace intr::hdf5
