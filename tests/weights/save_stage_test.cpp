// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/save_stage.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(SaveStage, NamesAreReadBack) {
  for (const SaveStage stage : kSaveStages) EXPECT_EQ(parse_save_stage(name_of(stage)), stage);
  EXPECT_STREQ(name_of(SaveStage::kFsyncDir), "fsyncdir");
}

TEST(SaveStage, AnotherNameIsRefusedWithTheList) {
  try {
    static_cast<void>(parse_save_stage("upload"));
    FAIL() << "an unknown stage was taken";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("plan, create, meta"), std::string::npos);
  }
}

}  // namespace
}  // namespace intr
