// SPDX-License-Identifier: Apache-2.0
#include "intr/core/thread_name.h"

#include <gtest/gtest.h>

#include <thread>

namespace intr {
namespace {

TEST(ThreadName, IsTheThreadsOwnAndCutWhereTheSystemCutsIt) {
  const std::string before = this_thread_name();
  std::string own, cut;
  std::thread([&] {
    name_this_thread("decoder");
    own = this_thread_name();
    name_this_thread("0123456789abcdefgh");
    cut = this_thread_name();
  }).join();
  EXPECT_EQ(own, "decoder");
  EXPECT_EQ(cut, "0123456789abcde");
  EXPECT_EQ(this_thread_name(), before);
}

}  // namespace
}  // namespace intr
