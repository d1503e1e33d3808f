// SPDX-License-Identifier: Apache-2.0
#include "intr/io/exit_record.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <new>
#include <stdexcept>

#include "intr/core/error.h"
#include "intr/io/json_file.h"
#include "support/environment.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

class ExitRecord : public testing::Test {
 protected:
  test::TempDir folder_;
  std::string path_ = (folder_.path() / "attempts" / "7_0.json").string();
  test::Variable variable_{"INTR_ATTEMPT_RECORD", path_};

  nlohmann::ordered_json written() const { return read_json(path_); }
};

TEST_F(ExitRecord, SaysHowABodyEnded) {
  EXPECT_EQ(recorded([] { return ExitCode::kStopped; })(), ExitCode::kStopped);
  EXPECT_EQ(written()["code"], 75);
  EXPECT_EQ(written()["cause"], "stop-signal");
}

TEST_F(ExitRecord, AnErrorGoesOnAndItsSentenceIsKept) {
  const auto body = recorded([]() -> ExitCode {
    throw DataError("ends at \"byte\" 5", "a.h5", "pack it again");
  });
  EXPECT_THROW(body(), DataError);
  EXPECT_EQ(written()["code"], 65);
  EXPECT_EQ(written()["cause"], "data");
  EXPECT_EQ(written()["message"], "a.h5: ends at \"byte\" 5. Next: pack it again");
}

TEST_F(ExitRecord, WhateverElseEscapesHasTheCodeOfTheGuard) {
  EXPECT_THROW(recorded([]() -> ExitCode { throw std::bad_alloc(); })(), std::bad_alloc);
  EXPECT_EQ(written()["code"], 78);
  fs::remove(path_);
  EXPECT_THROW(recorded([]() -> ExitCode { throw std::logic_error("oh"); })(), std::logic_error);
  EXPECT_EQ(written()["code"], 70);
}

TEST_F(ExitRecord, OfSeveralRanksTheFirstFailureCounts) {
  const auto fail = [](ExitCode code) { recorded([code] { return code; })(); };
  fail(ExitCode::kDone);
  EXPECT_EQ(written()["code"], 0);
  fail(ExitCode::kBadData);
  EXPECT_EQ(written()["code"], 65);
  fail(ExitCode::kPeerLost);
  fail(ExitCode::kDone);
  EXPECT_EQ(written()["code"], 65);
}

TEST_F(ExitRecord, WithoutTheVariableNothingIsWritten) {
  const test::Variable none("INTR_ATTEMPT_RECORD", "");
  EXPECT_EQ(recorded([] { return ExitCode::kDone; })(), ExitCode::kDone);
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(ExitRecord, WhatCannotBeWrittenChangesNothing) {
  const test::Variable nowhere("INTR_ATTEMPT_RECORD", "/proc/nowhere/7_0.json");
  EXPECT_EQ(recorded([] { return ExitCode::kDone; })(), ExitCode::kDone);
}

}  // namespace
}  // namespace intr
