// SPDX-License-Identifier: Apache-2.0
#include "intr/core/log.h"

#include <gtest/gtest.h>

#include <functional>

#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

std::string captured(const std::function<void()>& body) {
  testing::internal::CaptureStderr();
  body();
  return testing::internal::GetCapturedStderr();
}

class Log : public testing::Test {
 protected:
  ~Log() override {
    log::set_rank(0, 1);
    log::set_quiet(false);
    log::set_file({});
  }
};

TEST_F(Log, OneProcessSaysEverything) {
  EXPECT_EQ(captured([] {
              log::info("{} of {}", 1, 2);
              log::warning("slow");
              log::error("bad");
            }),
            "1 of 2\nwarning: slow\nerror: bad\n");
}

TEST_F(Log, OtherRanksSayTroubleOnly) {
  log::set_rank(3, 4);
  EXPECT_EQ(captured([] {
              log::info("hello");
              log::warning("slow");
            }),
            "[rank 3] warning: slow\n");
  log::set_rank(0, 4);
  EXPECT_EQ(captured([] {
              log::info("hello");
              log::error("bad");
            }),
            "hello\n[rank 0] error: bad\n");
}

TEST_F(Log, QuietKeepsTrouble) {
  log::set_quiet(true);
  EXPECT_TRUE(log::quiet());
  EXPECT_EQ(captured([] {
              log::info("hello");
              log::warning("slow");
            }),
            "warning: slow\n");
}

TEST_F(Log, AFileGetsEveryLine) {
  const test::TempDir folder;
  write_file(folder / "train.log", "before\n");
  log::set_file(folder / "train.log");
  log::set_quiet(true);
  captured([] { log::info("hello"); });
  log::set_file({});
  captured([] { log::warning("later"); });
  EXPECT_EQ(read_file(folder / "train.log"), "before\nhello\n");
}

}  // namespace
}  // namespace intr
