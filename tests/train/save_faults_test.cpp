// SPDX-License-Identifier: Apache-2.0
#include "intr/train/save_faults.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/train/checkpoint_store.h"
#include "support/sample_checkpoint.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

class SaveFaultsTest : public testing::Test {
 protected:
  SaveFaultsTest() { log::set_quiet(true); }
  /// What saving says; "" if it went well.
  std::string save(std::int64_t step) {
    try {
      store_.save(test::sample_checkpoint(step));
      return "";
    } catch (const EnvironmentError& error) {
      return error.what();
    }
  }
  void inject(const std::string& fault) {
    faults_ = std::make_unique<FaultInjector>(std::vector{parse_fault(fault)}, 0,
                                              EventLog(folder_.path(), "try", 0));
    store_.on_stage(save_faults(*faults_, store_.folder()));
  }
  test::TempDir folder_;
  CheckpointStore store_{folder_ / "checkpoints", 3};
  std::unique_ptr<FaultInjector> faults_;
};

TEST_F(SaveFaultsTest, TheKernelsWordsOnceThenTheNextSaveGoesWell) {
  inject("save:stage=fsync,action=enospc");
  EXPECT_NE(save(1).find("cannot fsync: No space left on device"), std::string::npos);
  EXPECT_EQ(save(2), "");
  inject("save:stage=create,action=eio");
  EXPECT_NE(save(3).find("Input/output error"), std::string::npos);
  EXPECT_EQ(store_.load_newest()->checkpoint.step, 2);
}

TEST_F(SaveFaultsTest, ABitThatFlipsBeforeTheFileIsVerifiedFailsTheSave) {
  inject("save:stage=reopen,action=flip");
  EXPECT_NE(save(1), "");
  EXPECT_TRUE(fs::is_empty(store_.folder()));
}

TEST_F(SaveFaultsTest, ABitThatFlipsLaterIsFoundWhenItIsRead) {
  ASSERT_EQ(save(1), "");
  inject("save:stage=prune,action=flip");
  ASSERT_EQ(save(2), "");
  EXPECT_EQ(store_.load_newest()->checkpoint.step, 1) << "the newest one is damaged";
}

}  // namespace
}  // namespace intr
