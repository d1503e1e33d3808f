// SPDX-License-Identifier: Apache-2.0
#include "intr/io/file_seal.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "intr/io/hdf5.h"
#include "support/damage.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class FileSealTest : public testing::Test {
 protected:
  /// Message of the DataError; empty if the file is as it was sealed.
  std::string fault() const {
    try {
      require_sealed(path_);
    } catch (const DataError& error) {
      return error.what();
    }
    return {};
  }
  test::TempDir folder_;
  const std::string path_ = folder_ / "file";
};

TEST_F(FileSealTest, IsALineAtTheEnd) {
  write_file(path_, "hello");
  EXPECT_FALSE(has_seal(path_));
  seal_file(path_);
  EXPECT_TRUE(has_seal(path_));
  EXPECT_EQ(read_file(path_),
            "hello\nINTR-SEAL v1 0000000000000005 b5e9c1ad071b3e7fc779cfaa5e523818\n");
  EXPECT_EQ(fault(), "");
}

TEST_F(FileSealTest, FilesOfAnyLengthTakeOne) {
  for (const std::size_t size : {0u, 1u, 64u, (1u << 20) - 1, 1u << 20, (1u << 20) + 1}) {
    write_file(path_, std::string(size, 'x'));
    EXPECT_NE(fault(), "") << size;
    seal_file(path_);
    EXPECT_EQ(fault(), "") << size;
  }
}

TEST_F(FileSealTest, EveryBitAndEveryLengthCounts) {
  write_file(path_, std::string(37, 'x'));
  seal_file(path_);
  const std::string whole = read_file(path_);
  for (std::uint64_t bit = 0; bit < 8 * whole.size(); ++bit) {
    test::flip_bit(path_, bit);
    EXPECT_NE(fault(), "") << bit;
    test::flip_bit(path_, bit);
  }
  EXPECT_EQ(fault(), "");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write_file(path_, whole.substr(0, size));
    EXPECT_NE(fault().find("was cut"), std::string::npos) << size;
  }
  write_file(path_, whole + "x");
  EXPECT_NE(fault(), "");
  write_file(path_, whole.substr(1));
  EXPECT_NE(fault(), "");
}

TEST_F(FileSealTest, AMissingFileIsADataError) { EXPECT_THROW(require_sealed(path_), DataError); }

TEST_F(FileSealTest, HDF5ReadsASealedFile) {
  hdf5::File file = hdf5::File::create(path_);
  file.set_text("/", "name", "value");
  file.close();
  seal_file(path_);
  EXPECT_EQ(hdf5::File::open(path_).text("/", "name"), "value");
  EXPECT_EQ(fault(), "");
}

}  // namespace
}  // namespace intr
