// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/checkpoint_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"
#include "intr/io/file_seal.h"
#include "intr/io/hdf5.h"
#include "support/damage.h"
#include "support/sample_checkpoint.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

class CheckpointFileTest : public testing::Test {
 protected:
  CheckpointFileTest() { write_checkpoint(path_, made_); }
  /// Message of the DataError that reading gives; empty if it gives none.
  std::string fault(const std::string& path) const {
    try {
      static_cast<void>(read_checkpoint(path));
    } catch (const DataError& error) {
      return error.what();
    }
    return {};
  }
  /// Damages a byte before the seal was made: what only the hashes inside can find.
  static void flip_before_sealing(const std::string& path, std::uint64_t offset) {
    test::cut(path, fs::file_size(path) - kSealBytes);
    test::flip_byte(path, offset);
    seal_file(path);
  }
  test::TempDir folder_;
  const std::string path_ = folder_ / "ckpt.h5";
  const Checkpoint made_ = test::sample_checkpoint();
};

void expect_equal(const Checkpoint& a, const Checkpoint& b) {
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.next_position, b.next_position);
  EXPECT_EQ(a.phase, b.phase);
  EXPECT_EQ(a.param, b.param);
  EXPECT_EQ(a.exp_avg, b.exp_avg);
  EXPECT_EQ(a.exp_avg_sq, b.exp_avg_sq);
  EXPECT_EQ(a.frozen, b.frozen);
  EXPECT_EQ(a.classes, b.classes);
  for (const auto member : {&Checkpoint::config, &Checkpoint::sampler, &Checkpoint::schedule,
                            &Checkpoint::history, &Checkpoint::environment})
    EXPECT_EQ((a.*member).dump(), (b.*member).dump());
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (std::size_t i = 0; i < a.tensors.size(); ++i) {
    EXPECT_EQ(a.tensors[i].name, b.tensors[i].name);
    EXPECT_EQ(a.tensors[i].kind, b.tensors[i].kind);
    EXPECT_EQ(a.tensors[i].group, b.tensors[i].group);
    EXPECT_EQ(a.tensors[i].shape, b.tensors[i].shape);
    EXPECT_EQ(a.tensors[i].offset, b.tensors[i].offset);
  }
}

TEST_F(CheckpointFileTest, ReadsBackWhatWasWritten) { expect_equal(read_checkpoint(path_), made_); }

TEST_F(CheckpointFileTest, EqualContentGivesEqualBytes) {
  write_checkpoint(folder_ / "again.h5", made_);
  EXPECT_EQ(hash_file(path_), hash_file(folder_ / "again.h5"));
}

TEST_F(CheckpointFileTest, LeavesTheMomentsOutOnRequest) {
  const Checkpoint read = read_checkpoint(path_, false);
  EXPECT_TRUE(read.exp_avg.empty());
  EXPECT_EQ(read.param, made_.param);
}

TEST_F(CheckpointFileTest, FindsTensorsAndTheirValues) {
  EXPECT_EQ(made_.find("nothing"), nullptr);
  EXPECT_EQ(*made_.values(*made_.find("backbone.b")), made_.param[6]);
  EXPECT_EQ(*made_.values(*made_.find("n.running_var")), 1.5F);
}

TEST_F(CheckpointFileTest, SpansSeveralBlocks) {
  Checkpoint large = made_;
  const std::int64_t count = static_cast<std::int64_t>(kCheckpointBlock / sizeof(float)) + 5;
  large.tensors = {{.name = "w", .kind = TensorKind::kTrainable, .group = 0, .shape = {count}}};
  large.param.assign(static_cast<std::size_t>(count), 0.75F);
  large.exp_avg = large.exp_avg_sq = large.param;
  large.frozen.clear();
  const std::string path = folder_ / "large.h5";
  write_checkpoint(path, large);
  EXPECT_EQ(fault(path), "");
  const hdf5::File file = hdf5::File::open(path);
  EXPECT_EQ(file.shape("/check/flat/param"), hdf5::Shape{2});
  flip_before_sealing(path, file.byte_offset("/flat/param") + kCheckpointBlock + 3);
  EXPECT_NE(fault(path).find("block 1 of /flat/param (from byte 16777216)"), std::string::npos);
}

TEST_F(CheckpointFileTest, FlippedByteInEverySectionIsFound) {
  const std::vector<std::string> sections = {
      "/flat/param",    "/flat/exp_avg", "/flat/exp_avg_sq", "/frozen/f32",
      "/index/name",    "/index/kind",   "/index/group",     "/index/ndim",
      "/index/shape",   "/index/offset", "/json/config",     "/json/sampler",
      "/json/schedule", "/json/history", "/json/classes",    "/json/environment"};
  for (const std::string& section : sections) {
    for (const std::string& name : {section, "/check" + section}) {
      const std::string copy = folder_ / "copy.h5";
      fs::copy_file(path_, copy, fs::copy_options::overwrite_existing);
      flip_before_sealing(copy, hdf5::File::open(path_).byte_offset(name));
      EXPECT_NE(fault(copy).find(section), std::string::npos) << name << ": " << fault(copy);
    }
  }
}

TEST_F(CheckpointFileTest, EveryFlippedByteIsFoundBeforeHDF5ReadsIt) {
  const std::string copy = folder_ / "copy.h5";
  fs::copy_file(path_, copy);
  for (std::uint64_t byte = 0; byte < fs::file_size(path_); byte += 13) {
    test::flip_byte(copy, byte);
    EXPECT_NE(fault(copy).find(copy), std::string::npos) << byte;
    EXPECT_NE(fault(copy).find("seal"), std::string::npos) << byte;
    test::flip_byte(copy, byte);
  }
  EXPECT_EQ(fault(copy), "");
}

TEST_F(CheckpointFileTest, CutFilesAreRefused) {
  const std::uint64_t size = fs::file_size(path_);
  for (std::uint64_t part = 0; part < 64; ++part) {
    const std::string copy = folder_ / "copy.h5";
    fs::copy_file(path_, copy, fs::copy_options::overwrite_existing);
    test::cut(copy, size * part / 64);
    EXPECT_NE(fault(copy), "") << "cut at " << size * part / 64 << " of " << size;
  }
}

TEST_F(CheckpointFileTest, OtherVersionsAndKindsAreRefused) {
  EXPECT_NE(fault(folder_ / "missing.h5").find("No such file"), std::string::npos);
  write_file(folder_ / "text.h5", "this is no HDF5 file");
  EXPECT_NE(fault(folder_ / "text.h5").find("does not end in a seal"), std::string::npos);
  seal_file(folder_ / "text.h5");
  EXPECT_NE(fault(folder_ / "text.h5").find("open as HDF5"), std::string::npos);

  hdf5::File other = hdf5::File::create(folder_ / "other.h5");
  other.set_text("/", "format", "intr-shard");
  other.close();
  seal_file(folder_ / "other.h5");
  EXPECT_NE(fault(folder_ / "other.h5").find("no checkpoint"), std::string::npos);

  hdf5::File newer = hdf5::File::create(folder_ / "newer.h5");
  newer.set_text("/", "format", kCheckpointFormat);
  newer.set_numbers<std::uint16_t>("/", "format_version", {2, 3});
  newer.close();
  seal_file(folder_ / "newer.h5");
  EXPECT_NE(fault(folder_ / "newer.h5").find("format 2.3, this program reads 1.x"),
            std::string::npos);
}

TEST_F(CheckpointFileTest, TensorsThatDoNotFillTheirArraysAreABug) {
  Checkpoint gap = made_;
  gap.tensors[1].offset = 5;
  EXPECT_THROW(write_checkpoint(folder_ / "gap.h5", gap), InternalError);
  Checkpoint rest = made_;
  rest.param.push_back(0);
  EXPECT_THROW(write_checkpoint(folder_ / "rest.h5", rest), InternalError);
  Checkpoint twins = made_;
  twins.tensors[1].name = twins.tensors[0].name;
  EXPECT_THROW(write_checkpoint(folder_ / "twins.h5", twins), InternalError);
}

}  // namespace
}  // namespace intr
