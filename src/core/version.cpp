// SPDX-License-Identifier: Apache-2.0
#include "intr/core/version.h"

#include <fmt/format.h>
#include <hdf5.h>

namespace intr {

std::string version() { return INTR_VERSION; }

std::string base_build_facts() {
  return fmt::format("intr {}\ncompiler {}\nHDF5 {}.{}.{}\nfmt {}.{}.{}\n", version(), __VERSION__,
                     H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE, FMT_VERSION / 10000,
                     FMT_VERSION / 100 % 100, FMT_VERSION % 100);
}

}  // namespace intr
