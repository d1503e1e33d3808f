// SPDX-License-Identifier: Apache-2.0
// intr-attend as its users run it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "intr/attention/map_reader.h"
#include "intr/io/atomic_file.h"
#include "support/model_file.h"
#include "support/processor.h"
#include "support/programs.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

using test::on_ranks;
using test::program;
using test::ProgramResult;
using test::quoted;
using test::run_program;

void write_model(const std::string& path, const std::vector<std::string>& classes) {
  test::write_model_file(path, test::tiny_model(std::ssize(classes)), classes);
}

/// A data set and a model that all tests read.
const std::string& input_folder() {
  static const test::TempDir dir;
  static const bool made = [] {
    test::TinySet small;
    small.samples = {{"val", 9}};
    test::make_tiny_set(dir / "set", small);
    write_model(dir / "model.h5", small.classes);
    write_model(dir / "other.h5", {"crow", "finch", "owl"});
    return true;
  }();
  static_cast<void>(made);
  return dir.path();
}

class AttendTest : public testing::Test {
 protected:
  std::string at(const std::string& name) const { return quoted(dir_ / name); }
  std::string dump(const std::string& name, const std::string& more = "",
                   const std::string& model = "model.h5", int batch_size = 2) const {
    return program("attend") + " --model " + quoted(input_folder() + "/" + model) + " --data " +
           quoted(input_folder() + "/set") + " --out " + at(name) +
           fmt::format(" --threads 1 --device cpu --quiet --batch-size {} --piece-samples 2 {}",
                       batch_size, more);
  }

  test::TempDir dir_;
};

TEST_F(AttendTest, DumpStatusMergeVerify) {
  ProgramResult result = run_program(on_ranks(2) + dump("dump"));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  result = run_program(program("attend") + " status " + at("dump"));
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(result.output.find("9 of 9 samples, finished"), std::string::npos) << result.output;
  result = run_program(program("attend") + " merge " + at("dump") + " --into " + at("all.h5"));
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  for (const char* name : {"dump", "all.h5"}) {
    result = run_program(program("attend") + " verify " + at(name));
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    const MapReader reader = MapReader::open(dir_ / name);
    EXPECT_EQ(reader.size(), 9);
    EXPECT_EQ(reader.facts().num_queries, 3);
    EXPECT_EQ(reader.facts().layers, (std::vector<std::int32_t>{1}));
    EXPECT_EQ(reader.facts().heads.size(), 4U);
  }
  // merge makes an index that is lost anew.
  std::filesystem::remove(dir_ / "dump/index.h5");
  EXPECT_EQ(run_program(program("attend") + " verify " + at("dump")).exit_code, 65);
  ASSERT_EQ(run_program(program("attend") + " merge " + at("dump")).exit_code, 0);
  EXPECT_EQ(MapReader::open(dir_ / "dump").size(), 9);
  // Damage is found by verify, and the same dump command repairs it.
  const std::string piece = dir_ / "dump/piece-00001.h5";
  std::string bytes = read_file(piece);
  const std::string whole = bytes;
  bytes.resize(bytes.size() - 100);
  write_file(piece, bytes);
  result = run_program(program("attend") + " verify " + at("dump"));
  EXPECT_EQ(result.exit_code, 65);
  EXPECT_NE(result.errors.find("piece-00001.h5"), std::string::npos) << result.errors;
  EXPECT_EQ(run_program(program("attend") + " status " + at("dump")).exit_code, 75);
  EXPECT_EQ(run_program(dump("dump")).exit_code, 0);
  EXPECT_EQ(read_file(piece), whole);
}

TEST_F(AttendTest, EverythingThatCanBeStoredIsEqualOnRanksAndInBatches) {
  for (const std::string encoder : {"rollout", "mean:all"}) {
    const std::string all = "--layers all --queries all --values norm --encoder " + encoder;
    const auto merged = [&](const std::string& ranks, int batch_size) {
      std::filesystem::remove_all(dir_ / "dump");
      std::filesystem::remove(dir_ / "all.h5");
      ProgramResult result = run_program(ranks + dump("dump", all, "model.h5", batch_size));
      EXPECT_EQ(result.exit_code, 0) << result.errors;
      result = run_program(program("attend") + " verify " + at("dump"));
      EXPECT_EQ(result.exit_code, 0) << result.errors;
      result = run_program(program("attend") + " merge " + at("dump") + " --into " + at("all.h5"));
      EXPECT_EQ(result.exit_code, 0) << result.errors;
      return read_file(dir_ / "all.h5");
    };
    const std::string whole = merged("", 2);
    EXPECT_TRUE(merged(on_ranks(2), 2) == whole);
    // In other batches maps are the same; a logit may differ in its last bits.
    const std::string kept = dir_ / "whole.h5";
    write_file(kept, whole);
    const MapReader first = MapReader::open(kept);
    for (const int size : {1, 3, 12}) {
      merged("", size);
      const MapReader other = MapReader::open(dir_ / "all.h5");
      for (std::int64_t row = 0; row < first.size(); ++row) {
        for (const MapField field : first.facts().fields())
          EXPECT_TRUE(other.stored(row, field) == first.stored(row, field)) << size << " " << row;
        for (std::size_t i = 0; i < first.sample(row).logit.size(); ++i)
          EXPECT_NEAR(other.sample(row).logit[i], first.sample(row).logit[i], 1e-6);
      }
    }
    const MapReader reader = MapReader::open(dir_ / "dump");
    EXPECT_EQ(reader.facts().fields().size(), 3U);
  }
  // Maps of a dump without them are the same.
  ASSERT_EQ(run_program(dump("plain", "--layers all --queries all")).exit_code, 0);
  const MapReader plain = MapReader::open(dir_ / "plain"), full = MapReader::open(dir_ / "dump");
  for (std::int64_t row = 0; row < plain.size(); ++row)
    EXPECT_TRUE(plain.stored(row) == full.stored(row));
  const ProgramResult other =
      run_program(dump("plain", "--layers all --queries all --values norm"));
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_NE(other.errors.find("values is not stored there and \"norm\" here"), std::string::npos)
      << other.errors;
  EXPECT_EQ(run_program(dump("new", "--encoder mean:7")).exit_code, 2);
  EXPECT_EQ(run_program(dump("new", "--encoder max")).exit_code, 2);
}

// Three tasks of a Slurm array at once, one of them twice.
TEST_F(AttendTest, PartsAtOnceEqualOneJob) {
  ASSERT_EQ(run_program(dump("whole")).exit_code, 0);
  std::string script;
  for (const int task : {2, 0, 1, 2})
    script += fmt::format(
        "(export SLURM_ARRAY_TASK_ID={} SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=2 "
        "SLURM_ARRAY_TASK_COUNT=3; {} || echo FAILED) & ",
        task, dump("parts", "--part auto"));
  const ProgramResult result = run_program("sh -c " + quoted(script + "wait"));
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.output.find("FAILED"), std::string::npos) << result.errors;
  for (const auto& entry : std::filesystem::directory_iterator(dir_ / "parts")) {
    const std::string name = entry.path().filename().string();
    EXPECT_EQ(name.find(".tmp"), std::string::npos) << name;
    if (name == kDumpFileName) continue;
    EXPECT_TRUE(read_file(dir_ / ("parts/" + name)) == read_file(dir_ / ("whole/" + name))) << name;
  }
  EXPECT_EQ(run_program(program("attend") + " verify " + at("parts")).exit_code, 0);
  EXPECT_EQ(run_program(dump("new", "--part auto")).exit_code, 2);  // not in an array
  EXPECT_EQ(run_program(dump("new", "--part 3/3")).exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "new"));
}

TEST_F(AttendTest, OnePartOfThreeIsReadableAtOnce) {
  ASSERT_EQ(run_program(dump("dump", "--part 0/3")).exit_code, 0);
  EXPECT_EQ(run_program(program("attend") + " status " + at("dump")).exit_code, 75);
  ProgramResult result = run_program(program("attend") + " merge " + at("dump"));
  EXPECT_EQ(result.exit_code, 65);
  result = run_program(program("attend") + " merge --partial " + at("dump"));
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(result.errors.find("of 9 samples are there"), std::string::npos) << result.errors;
  result = run_program(program("attend") + " verify " + at("dump"));
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(result.output.find("of 9 samples are there; they are sound"), std::string::npos)
      << result.output;
  const std::int64_t there = MapReader::open(dir_ / "dump").size();
  EXPECT_GT(there, 0);
  EXPECT_LT(there, 9);
  for (const char* part : {"1/3", "2/3"})
    ASSERT_EQ(run_program(dump("dump", std::string("--part ") + part)).exit_code, 0);
  const MapReader whole = MapReader::open(dir_ / "dump");
  EXPECT_EQ(whole.size(), 9);
  EXPECT_TRUE(whole.facts().complete);
}

TEST_F(AttendTest, SubsetsJoinedEqualTheWhole) {
  ASSERT_EQ(run_program(dump("whole")).exit_code, 0);
  write_file(dir_ / "list.txt", "1\n4\n7\n");
  ASSERT_EQ(run_program(dump("a", "--include " + at("list.txt"))).exit_code, 0);
  ASSERT_EQ(run_program(dump("b", "--sample 0 --sample 2-3 --sample 5-6 --sample 8")).exit_code, 0);
  const ProgramResult result = run_program(program("attend") + " merge " + at("a") + " " + at("b") +
                                           " --into " + at("j.h5"));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const MapReader joined = MapReader::open(dir_ / "j.h5"), whole = MapReader::open(dir_ / "whole");
  ASSERT_EQ(joined.size(), 9);
  for (std::int64_t row = 0; row < 9; ++row)
    EXPECT_TRUE(joined.stored(row) == whole.stored(row)) << row;
  EXPECT_EQ(joined.facts().peak_p99, whole.facts().peak_p99);
  EXPECT_EQ(run_program(program("attend") + " merge " + at("a") + " " + at("b")).exit_code, 2);
}

TEST_F(AttendTest, VerifyComputesSamplesAgain) {
  ASSERT_EQ(run_program(on_ranks(2) + dump("dump", "--values norm")).exit_code, 0);
  const std::string set =
      " --data " + quoted(input_folder() + "/set") + " --threads 1 --device cpu";
  const std::string model = quoted(input_folder() + "/model.h5");
  const std::string verify = program("attend") + " verify " + at("dump");
  ProgramResult result = run_program(verify + set + " --samples 5 --model " + model);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(result.output.find("5 samples computed again: 5 equal bit for bit"), std::string::npos)
      << result.output;
  test::write_model_file(dir_ / "other.h5", test::tiny_model(3), {"crow", "finch", "heron"}, 8);
  result = run_program(verify + set + " --model " + at("other.h5"));
  EXPECT_EQ(result.exit_code, 65);
  EXPECT_NE(result.errors.find("was made from another model"), std::string::npos) << result.errors;
  EXPECT_EQ(run_program(verify + " --model " + model).exit_code, 2);
}

TEST_F(AttendTest, PaddedBatchesAsPublished) {
  ProgramResult result = run_program(on_ranks(2) + dump("dump", "--eval-batching reference"));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(MapReader::open(dir_ / "dump").facts().batching, "reference");
  // The logits are those of intr-eval with the same batches.
  result = run_program(
      program("eval") + " --model " + quoted(input_folder() + "/model.h5") + " --data " +
      quoted(input_folder() + "/set") +
      " --threads 1 --device cpu --quiet --batch-size 2 --eval-batching reference --csv " +
      at("eval.csv"));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const std::string lines = read_file(dir_ / "eval.csv");
  const MapReader reader = MapReader::open(dir_ / "dump");
  for (std::int64_t row = 0; row < reader.size(); ++row) {
    const DumpSample& sample = reader.sample(row);
    const double confidence =
        std::exp(static_cast<double>(sample.top_logit[0]) - static_cast<double>(sample.log_z));
    EXPECT_NE(lines.find(fmt::format(",{:.5f},", confidence)), std::string::npos) << row;
  }
}

TEST_F(AttendTest, WrongUseEndsWithASentence) {
  ProgramResult result = run_program(program("attend") + " --model m --data d");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.errors.find("--out"), std::string::npos) << result.errors;
  result = run_program(dump("dump", "--querys true"));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.errors.find("did you mean --queries"), std::string::npos) << result.errors;
  result = run_program(on_ranks(2) + dump("dump", "--queries class:crwo"));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.errors.find("did you mean 'crow'"), std::string::npos) << result.errors;
  result = run_program(program("attend") + " verify " + at("nothing"));
  EXPECT_EQ(result.exit_code, 65);
  EXPECT_EQ(run_program(program("attend") + " --help").exit_code, 0);
}

TEST_F(AttendTest, OtherClassesAreRefusedBeforeAnythingIsWritten) {
  const ProgramResult result = run_program(on_ranks(2) + dump("dump", "", "other.h5"));
  EXPECT_EQ(result.exit_code, 65) << result.errors;
  EXPECT_NE(result.errors.find("class 2 is 'heron'"), std::string::npos) << result.errors;
  EXPECT_FALSE(std::filesystem::exists(dir_ / "dump"));
}

TEST_F(AttendTest, AnotherPlanInTheFolderIsRefused) {
  ASSERT_EQ(run_program(dump("dump")).exit_code, 0);
  const ProgramResult result = run_program(dump("dump", "--dtype f32"));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.errors.find("dtype is \"f16\" there and \"f32\" here"), std::string::npos)
      << result.errors;
}

TEST_F(AttendTest, Bfloat16IsWhatTheDumpSaysOrRefused) {
  const ProgramResult result =
      run_program(on_ranks(2) + dump("dump", "--precision bf16 --logits all"));
  if (!test::cpu_takes_bfloat16()) {
    EXPECT_EQ(result.exit_code, 78) << result.errors;
    EXPECT_NE(result.errors.find("AVX512-BF16"), std::string::npos) << result.errors;
    EXPECT_FALSE(std::filesystem::exists(dir_ / "dump"));
    return;
  }
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(run_program(program("attend") + " verify " + at("dump")).exit_code, 0);
  const ProgramResult other = run_program(dump("dump", "--logits all"));
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_NE(other.errors.find("precision is \"bf16\" there and \"fp32\" here"), std::string::npos)
      << other.errors;
  ASSERT_EQ(run_program(dump("exact", "--logits all")).exit_code, 0);
  const MapReader rounded = MapReader::open(dir_ / "dump");
  const MapReader exact = MapReader::open(dir_ / "exact");
  EXPECT_EQ(rounded.facts().precision, "bf16");
  EXPECT_EQ(exact.facts().precision, "fp32");
  EXPECT_NE(rounded.facts().content_id, exact.facts().content_id);
  std::int64_t different = 0;
  for (std::int64_t row = 0; row < exact.size(); ++row) {
    const std::vector<float>& ours = rounded.sample(row).logits_all;
    const std::vector<float>& theirs = exact.sample(row).logits_all;
    ASSERT_EQ(ours.size(), theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], theirs[i], 0.05);
    if (ours != theirs) ++different;
  }
  EXPECT_EQ(different, exact.size());
}

TEST_F(AttendTest, DryRunWritesNothing) {
  const ProgramResult result = run_program(dump("new/dump", "--dry-run"));
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_NE(result.output.find("9 of split val"), std::string::npos) << result.output;
  EXPECT_FALSE(std::filesystem::exists(dir_ / "new"));
}

}  // namespace
}  // namespace intr
