// SPDX-License-Identifier: Apache-2.0
// Attention dumps on disks that are full, fill up, or cannot be written.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "intr/io/atomic_file.h"
#include "support/model_file.h"
#include "support/programs.h"
#include "support/small_disk.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

using test::ProgramResult;
using test::quoted;
using test::run_program;

constexpr std::uint64_t kRoom = std::uint64_t{80} << 20;  // a dump asks for 64 MiB beside its maps

class DumpFaults : public testing::Test {
 protected:
  void SetUp() override {
    test::TinySet set;
    set.samples = {{"val", 12}};
    test::make_tiny_set(folder_ / "set", set);
    test::write_model_file(folder_ / "model.h5", test::tiny_model(std::ssize(set.classes)),
                           set.classes);
    disk_ = std::make_unique<test::SmallDisk>(folder_ / "disk", kRoom);
    if (!disk_->is_mounted()) GTEST_SKIP() << "this machine allows no mounts of one's own";
  }
  ProgramResult dump(const std::string& launcher = {}) const {
    return run_program(launcher + test::program("attend") + " --model " +
                       quoted(folder_ / "model.h5") + " --data " + quoted(folder_ / "set") +
                       " --out " + quoted(at("dump")) +
                       " --threads 1 --device cpu --quiet --batch-size 2 --piece-samples 2");
  }
  std::string at(const std::string& name) const { return disk_->folder() + "/" + name; }
  std::int64_t num_pieces() const {
    return std::count_if(
        std::filesystem::directory_iterator(at("dump")), std::filesystem::directory_iterator(),
        [](const auto& entry) { return entry.path().filename().string().starts_with("piece-"); });
  }
  /// The same command ends what a fault stopped, and nothing temporary stays.
  void expect_to_go_on() const {
    const ProgramResult result = dump();
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(num_pieces(), 6);
    EXPECT_EQ(run_program(test::program("attend") + " verify " + quoted(at("dump"))).exit_code, 0);
    for (const auto& entry : std::filesystem::directory_iterator(at("dump")))
      EXPECT_EQ(entry.path().string().find(".tmp-"), std::string::npos) << entry.path();
  }

  test::TempDir folder_;
  std::unique_ptr<test::SmallDisk> disk_;
};

TEST_F(DumpFaults, TooLittleRoomIsSaidBeforeTheFirstPicture) {
  disk_->fill_up_to(std::uint64_t{50} << 20);
  for (const std::string& launcher : {std::string(), test::on_ranks(2)}) {
    const ProgramResult result = dump(launcher);
    EXPECT_EQ(result.exit_code, 78) << result.errors;
    EXPECT_NE(result.errors.find("5 % and 64 MiB more"), std::string::npos) << result.errors;
    EXPECT_NE(result.errors.find("--dtype f16"), std::string::npos) << result.errors;
    EXPECT_EQ(num_pieces(), 0);
  }
  disk_->make_room();
  expect_to_go_on();
}

// Quotas do not show in the free bytes: here it is the number of files that is limited.
TEST_F(DumpFaults, ADiskThatFillsUpKeepsWhatIsFinished) {
  disk_->allow_files(5);  // the folder, plan.json with its temporary name, three pieces
  const ProgramResult result = dump();
  EXPECT_EQ(result.exit_code, 78) << result.errors;
  EXPECT_NE(result.errors.find("piece-0000"), std::string::npos) << result.errors;
  EXPECT_GT(num_pieces(), 0);
  EXPECT_LT(num_pieces(), 6);
  EXPECT_FALSE(std::filesystem::exists(at("dump/dump.json")));
  disk_->allow_files(100);
  expect_to_go_on();
}

TEST_F(DumpFaults, AFolderThatCannotBeWrittenIsSaid) {
  disk_->make_read_only();
  const ProgramResult result = dump(test::on_ranks(2));
  EXPECT_EQ(result.exit_code, 78) << result.errors;
  EXPECT_NE(result.errors.find(at("dump")), std::string::npos) << result.errors;
  disk_->make_writable();
  expect_to_go_on();
  // A finished dump is read, checked and merged where nothing can be written.
  disk_->make_read_only();
  EXPECT_EQ(run_program(test::program("attend") + " merge " + quoted(at("dump")) + " --into " +
                        quoted(folder_ / "all.h5"))
                .exit_code,
            0);
  EXPECT_EQ(dump().exit_code, 0);
}

}  // namespace
}  // namespace intr
