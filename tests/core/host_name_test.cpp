// SPDX-License-Identifier: Apache-2.0
#include "intr/core/host_name.h"

#include <gtest/gtest.h>
#include <sys/utsname.h>

namespace intr {
namespace {

TEST(HostName, IsTheSystemsName) {
  struct utsname facts = {};
  ASSERT_EQ(::uname(&facts), 0);
  EXPECT_EQ(host_name(), facts.nodename);
}

}  // namespace
}  // namespace intr
