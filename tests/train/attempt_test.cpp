// SPDX-License-Identifier: Apache-2.0
#include "intr/train/attempt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>

#include "intr/comm/self_communicator.h"
#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "intr/train/replica_guard.h"
#include "intr/weights/checkpoint_manifest.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

class AttemptTest : public testing::Test {
 protected:
  nlohmann::ordered_json record() const { return read_json(attempt_.record_path()); }
  /// The cause that is recorded for what a body throws.
  std::string cause_after(const std::function<ExitCode()>& body) {
    Attempt attempt(folder_.path());
    attempt.join(alone_);  // removes the record before
    try {
      attempt.around(body);
    } catch (const std::exception&) {
      return record().at("cause");
    } catch (...) {
      return record().at("cause");
    }
    return record().at("cause");
  }

  test::TempDir folder_;
  SelfCommunicator alone_;
  Attempt attempt_{folder_.path()};
};

TEST_F(AttemptTest, TheRecordSaysHowItEnded) {
  attempt_.set_step(12);
  make_folder(folder_ / kCheckpointFolder);
  const std::string hash(32, '0');
  write_manifest(folder_ / kCheckpointFolder,
                 {{.step = 5, .file = checkpoint_file_name(5), .bytes = 9, .hash = hash},
                  {.step = 10, .file = checkpoint_file_name(10), .bytes = 9, .hash = hash}});
  EXPECT_TRUE(attempt_.record({ExitCode::kStopped, Cause::kStopSignal, "stopped by SIGUSR2"}));
  const auto json = record();
  EXPECT_EQ(json.at("code"), 75);
  EXPECT_EQ(json.at("cause"), "stop-signal");
  EXPECT_EQ(json.at("rank"), 0);
  EXPECT_EQ(json.at("step"), 12);
  EXPECT_EQ(json.at("durable_step"), 10);
  EXPECT_EQ(json.at("message"), "stopped by SIGUSR2");
  EXPECT_FALSE(json.at("host").get<std::string>().empty());
}

TEST_F(AttemptTest, OneLineForScripts) {
  attempt_.record({ExitCode::kBadData, Cause::kData, "bytes \xff of a file\nand more"});
  const std::string text = read_file(attempt_.record_path());
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_EQ(text.rfind("{\"code\":65,\"cause\":\"data\",", 0), 0u) << text;
}

TEST_F(AttemptTest, TheFirstRecordStays) {
  Attempt other(folder_.path());
  EXPECT_TRUE(attempt_.record({ExitCode::kBadData, Cause::kData, "first"}));
  EXPECT_FALSE(other.record({ExitCode::kPeerLost, Cause::kPeerLost, "second"}));
  EXPECT_EQ(record().at("message"), "first");
}

TEST_F(AttemptTest, JoiningRemovesWhatAnEarlierAttemptOfThatNameLeft) {
  attempt_.record({ExitCode::kBadData, Cause::kData, "earlier"});
  make_folder(attempt_.stall_folder());
  write_file(attempt_.stall_folder() + "/0.json", "{}");
  attempt_.join(alone_);
  EXPECT_FALSE(fs::exists(attempt_.record_path()));
  EXPECT_FALSE(fs::exists(attempt_.stall_folder()));
}

TEST_F(AttemptTest, EveryErrorHasItsCause) {
  EXPECT_EQ(cause_after([] { return ExitCode::kDone; }), "done");
  EXPECT_EQ(cause_after([] { return ExitCode::kStopped; }), "stop-signal");
  EXPECT_EQ(cause_after([]() -> ExitCode { throw UsageError("x"); }), "config");
  EXPECT_EQ(cause_after([]() -> ExitCode { throw EnvironmentError("x"); }), "config");
  EXPECT_EQ(cause_after([]() -> ExitCode { throw std::bad_alloc(); }), "config");
  EXPECT_EQ(cause_after([]() -> ExitCode { throw DataError("x"); }), "data");
  EXPECT_EQ(cause_after([]() -> ExitCode { throw InternalError("x"); }), "bug");
  EXPECT_EQ(cause_after([]() -> ExitCode { throw std::runtime_error("x"); }), "bug");
  EXPECT_EQ(cause_after([]() -> ExitCode { throw 3; }), "bug");
  EXPECT_EQ(cause_after([]() -> ExitCode { throw PeerError("x"); }), "peer-lost");
  EXPECT_EQ(cause_after([]() -> ExitCode { throw ReplicaError("x"); }), "replica");
  EXPECT_EQ(cause_after([]() -> ExitCode { throw DivergedError("x"); }), "nan");
}

TEST_F(AttemptTest, NoRunDirectoryIsMadeForSomeoneAtAShell) {
  Attempt nowhere(folder_ / "mistyped");
  EXPECT_FALSE(nowhere.record({ExitCode::kBadData, Cause::kData, "x"}));
  EXPECT_FALSE(fs::exists(folder_ / "mistyped"));
  ::setenv("INTR_ATTEMPT", "41_0", 1);
  EXPECT_TRUE(nowhere.record({ExitCode::kBadData, Cause::kData, "x"}));
  ::unsetenv("INTR_ATTEMPT");
  EXPECT_TRUE(fs::exists(nowhere.record_path()));
  EXPECT_FALSE(Attempt("").record({ExitCode::kBadData, Cause::kData, "x"}));
}

TEST_F(AttemptTest, AFullOrForbiddenFolderIsOnlyAWarning) {
  write_file(folder_ / "attempts", "a file where a folder should be");
  EXPECT_FALSE(attempt_.record({ExitCode::kBug, Cause::kBug, "x"}));
}

TEST(Attempt, ReplacesTheRecordOfAnEarlierStartOfItsName) {
  const test::TempDir folder;
  ASSERT_TRUE(Attempt(folder.path()).record({ExitCode::kStopped, Cause::kStopSignal, "stopped"}));
  const std::string path = Attempt(folder.path()).record_path();
  fs::last_write_time(path, fs::last_write_time(path) - std::chrono::hours(1));
  // It fails before the ranks have met: that must not look like the end of the one before.
  EXPECT_TRUE(Attempt(folder.path()).record({ExitCode::kUsage, Cause::kConfig, "wrong option"}));
  EXPECT_EQ(read_json(path).at("code"), 2);
}

}  // namespace
}  // namespace intr
