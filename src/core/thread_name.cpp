// SPDX-License-Identifier: Apache-2.0
#include "intr/core/thread_name.h"

#include <pthread.h>

#include <array>

namespace intr {
namespace {

constexpr std::size_t kMostBytes = 15;  // Linux keeps no more

}  // namespace

void name_this_thread(std::string_view name) {
  ::pthread_setname_np(::pthread_self(), std::string(name.substr(0, kMostBytes)).c_str());
}

std::string this_thread_name() {
  std::array<char, kMostBytes + 1> name = {};
  ::pthread_getname_np(::pthread_self(), name.data(), name.size());
  return name.data();
}

}  // namespace intr
