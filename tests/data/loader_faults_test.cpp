// SPDX-License-Identifier: Apache-2.0
// Loaders on storage that fails: the linker puts the functions below in the place of pread and
// write (--wrap).
#include <gtest/gtest.h>
#include <sys/types.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/data/loader.h"
#include "intr/data/shard_stage.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace {

/// What happens to a read: bytes to give or the errno value to fail with.
struct Outcome {
  std::size_t most = SIZE_MAX;
  int error = 0;
  bool flipped = false;  ///< the first byte arrives wrong
};
std::function<Outcome(std::size_t size, off_t offset)> read_fault;  // set while no thread reads
std::mutex read_mutex;
std::atomic<int> write_error{0};

}  // namespace

extern "C" {
ssize_t __real_pread(int file, void* out, std::size_t size, off_t offset);
ssize_t __real_write(int file, const void* bytes, std::size_t size);

ssize_t __wrap_pread(int file, void* out, std::size_t size, off_t offset) {
  Outcome outcome;
  {
    const std::lock_guard lock(read_mutex);
    if (read_fault) outcome = read_fault(size, offset);
  }
  if (outcome.error != 0) {
    errno = outcome.error;
    return -1;
  }
  const ssize_t got = __real_pread(file, out, std::min(size, outcome.most), offset);
  if (outcome.flipped && got > 0) *static_cast<unsigned char*>(out) ^= 0xffU;
  return got;
}

ssize_t __wrap_write(int file, const void* bytes, std::size_t size) {
  if (write_error != 0 && file > 2) {
    errno = write_error;
    return -1;
  }
  return __real_write(file, bytes, size);
}
}

namespace intr {
namespace {

class LoaderFaults : public testing::Test {
 protected:
  LoaderFaults() {
    test::make_tiny_set(set, {.num_shards = 2});
    index = DataIndex::open(set, "train");
    reader.emplace(index);
    reader->check(0);
    reader->check(1);
  }
  ~LoaderFaults() override {
    read_fault = nullptr;
    write_error = 0;
  }
  LoaderOptions options() const {
    LoaderOptions o;
    o.transform = Transform::parse("train:32");
    o.batch_size = 5;
    o.micro_batch = 2;
    o.threads = 2;
    return o;
  }
  /// The pixels of two epochs, as one number.
  std::uint64_t two_epochs() const {
    TrainLoader loader(index, *reader, options());
    Hash64 hash;
    for (std::int64_t last = 0; last < 6;) {
      const MicroBatch batch = loader.next();
      hash.add(std::as_bytes(batch.pixels));
      last += batch.last_of_step ? 1 : 0;
    }
    return hash.take();
  }
  /// What a loader says when reading fails for ever.
  template <class Expected>
  std::string failure() const {
    TrainLoader loader(index, *reader, options());
    std::string message = "no error";
    try {
      for (int i = 0; i < 20; ++i) loader.next();
    } catch (const Expected& error) {
      message = error.what();
    }
    EXPECT_THROW(loader.next(), Expected) << "and ever after";
    return message;
  }
  test::TempDir folder;
  std::string set = folder / "set";
  DataIndex index;
  std::optional<ShardReader> reader;
};

TEST_F(LoaderFaults, ShortReadsAndInterruptionsChangeNothing) {
  const std::uint64_t expected = two_epochs();
  int interruptions = 0;
  read_fault = [&](std::size_t, off_t) {
    if (++interruptions % 3 == 0) return Outcome{.most = 0, .error = EINTR, .flipped = false};
    return Outcome{.most = 17, .error = 0, .flipped = false};
  };
  EXPECT_EQ(two_epochs(), expected);
  EXPECT_GT(interruptions, 100);
}

TEST_F(LoaderFaults, FailuresThatPassChangeNothing) {
  const std::uint64_t expected = two_epochs();
  for (const int error : {EIO, ESTALE}) {
    int left = 2;  // the reading thread's and one of a decoding thread
    read_fault = [&](std::size_t, off_t) {
      return left > 0 ? Outcome{.most = 0, .error = (--left, error), .flipped = false} : Outcome{};
    };
    EXPECT_EQ(two_epochs(), expected);
    EXPECT_EQ(left, 0);
  }
}

TEST_F(LoaderFaults, RecordsThatFollowEachOtherAreReadAtOnce) {
  LoaderOptions o = options();
  o.order = OrderKind::parse("sequential");
  o.bucket_window = 1;
  o.micro_batch = o.batch_size;
  std::uint64_t longest = 0;
  for (std::int64_t row = 0; row < index.size(); ++row)
    longest = std::max(longest, index.length(row));
  std::atomic<bool> seen{false};
  read_fault = [&](std::size_t size, off_t) {
    if (size > longest) seen = true;
    return Outcome{};
  };
  TrainLoader loader(index, *reader, o);
  while (!seen) loader.next();  // threads that decode read some of them one by one
}

TEST_F(LoaderFaults, BytesThatArriveWrongAreReadOnceMore) {
  const std::uint64_t expected = two_epochs();
  int left = 1;
  read_fault = [&](std::size_t, off_t) {
    return Outcome{.most = SIZE_MAX, .error = 0, .flipped = left-- > 0};
  };
  EXPECT_EQ(two_epochs(), expected);
  read_fault = [&](std::size_t, off_t) {
    return Outcome{.most = SIZE_MAX, .error = 0, .flipped = true};
  };
  EXPECT_NE(failure<DataError>().find("these bytes are not those"), std::string::npos);
}

TEST_F(LoaderFaults, AFailureThatStaysNamesThePlaceAndTheCause) {
  const off_t bad = static_cast<off_t>(index.shards()[0].data_begin + index.begin(2));
  read_fault = [&](std::size_t size, off_t offset) {
    const bool hit = offset <= bad && bad < offset + static_cast<off_t>(size);
    return hit ? Outcome{.most = 0, .error = EIO, .flipped = false} : Outcome{};
  };
  const std::string message = failure<DataError>();
  for (const char* part : {"sample ", ".png), bytes ", "train-0000", "Input/output error",
                           "tried 4 times", "check that disk"})
    EXPECT_NE(message.find(part), std::string::npos) << part << " is missing: " << message;
}

TEST_F(LoaderFaults, OtherFailuresAreNotTriedAgain) {
  const auto start = std::chrono::steady_clock::now();
  read_fault = [](std::size_t, off_t) {
    return Outcome{.most = 0, .error = EINVAL, .flipped = false};
  };
  EXPECT_NE(failure<DataError>().find("tried 1 times"), std::string::npos);
  RecordProperty(
      "seconds",
      std::to_string(
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count()));
}

TEST_F(LoaderFaults, AFileThatEndsNamesThePlace) {
  read_fault = [](std::size_t, off_t) { return Outcome{.most = 0, .error = 0, .flipped = false}; };
  const std::string message = failure<DataError>();
  EXPECT_NE(message.find("ends at byte"), std::string::npos) << message;
  EXPECT_NE(message.find("sample "), std::string::npos) << message;
}

TEST_F(LoaderFaults, AByteThatFlipsInTheMiddleOfAnEpoch) {
  TrainLoader loader(index, *reader, options());
  loader.next();
  for (std::int64_t row = 0; row < index.size(); ++row) {
    const DataIndex::Shard& shard = index.shards()[static_cast<std::size_t>(index.shard_of(row))];
    test::flip_byte(set + "/" + shard.file, shard.data_begin + index.begin(row) + 9);
  }
  std::string message;
  try {
    for (int i = 0; i < 40; ++i) loader.next();
  } catch (const DataError& error) {
    message = error.what();
  }
  EXPECT_NE(message.find("these bytes are not those that were packed"), std::string::npos)
      << message;
  EXPECT_THROW(loader.next(), DataError);
}

TEST_F(LoaderFaults, EndsWhileReadingFails) {
  for (int batches = 0; batches < 3; ++batches) {
    int reads = 0;
    read_fault = [&](std::size_t, off_t) {
      return ++reads % 4 == 0 ? Outcome{.most = 0, .error = EIO, .flipped = false} : Outcome{};
    };
    TrainLoader loader(index, *reader, options());
    for (int i = 0; i < batches; ++i) loader.next();
  }
}

TEST_F(LoaderFaults, AFullDiskForCopiesIsAWarning) {
  write_error = ENOSPC;
  ShardStage copies(index, {.folder = folder / "stage", .limit = 0, .keep = false, .copies = true});
  copies.wait();
  write_error = 0;
  EXPECT_EQ(copies.copy_of(0), nullptr);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "stage"))
    files += entry.is_regular_file() ? 1u : 0u;
  EXPECT_EQ(files, 0u) << "half a copy stays";
  const ShardReader staged(index, &copies);
  EXPECT_EQ(xxh3_64(staged.read(3)), index.hash(3));
}

}  // namespace
}  // namespace intr
