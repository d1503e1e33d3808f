// SPDX-License-Identifier: Apache-2.0
#include "preprocess/standard_output.h"

#include <cerrno>
#include <cstdio>

#include "intr/core/error.h"

namespace intr {

void flush_output() {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return;
  throw_system_error("write all of it", "standard output", errno == 0 ? EIO : errno);
}

}  // namespace intr
