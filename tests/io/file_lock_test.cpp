// SPDX-License-Identifier: Apache-2.0
#include "intr/io/file_lock.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "intr/core/error.h"
#include "support/child.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class FileLockTest : public testing::Test {
 protected:
  test::TempDir folder_;
  const std::string path_ = folder_ / "lock";
};

TEST_F(FileLockTest, OnlyOneHasIt) {
  std::optional<FileLock> first(path_);
  const FileLock second(path_);
  EXPECT_FALSE(is_locked(path_));
  EXPECT_TRUE(first->try_take());
  EXPECT_TRUE(is_locked(path_));
  EXPECT_FALSE(second.try_take());
  EXPECT_TRUE(first->try_take()) << "it has it already";
  first.reset();
  EXPECT_FALSE(is_locked(path_));
  EXPECT_TRUE(second.try_take());
}

TEST_F(FileLockTest, GoesWithTheOneItIsMovedTo) {
  std::optional<FileLock> first(path_);
  EXPECT_TRUE(first->try_take());
  const FileLock second(std::move(*first));
  first.reset();
  EXPECT_TRUE(is_locked(path_));
}

TEST_F(FileLockTest, EndsWithItsProcess) {
  const test::ChildResult child = test::in_child([&]() -> std::string {
    const FileLock lock(path_);
    return lock.try_take() && is_locked(path_) ? "taken" : "not taken";
  });
  EXPECT_EQ(child.text, "taken");
  EXPECT_FALSE(is_locked(path_));
}

TEST_F(FileLockTest, AnotherProcessSeesIt) {
  const FileLock lock(path_);
  ASSERT_TRUE(lock.try_take());
  const test::ChildResult child = test::in_child([&]() -> std::string {
    return is_locked(path_) && !FileLock(path_).try_take() ? "seen" : "not seen";
  });
  EXPECT_EQ(child.text, "seen");
}

TEST_F(FileLockTest, WhatIsNotThereIsNotLocked) {
  EXPECT_FALSE(is_locked(path_));
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_THROW(FileLock(folder_ / "missing/lock"), DataError);
}

}  // namespace
}  // namespace intr
