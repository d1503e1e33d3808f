// SPDX-License-Identifier: Apache-2.0
#include "preprocess/selection.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

Listing ten_files() {
  Listing listing;
  listing.classes = {"a"};
  listing.splits = {{"train", {}}, {"val", {}}};
  for (SourceSplit& split : listing.splits)
    for (std::uint64_t i = 0; i < 10; ++i)
      split.files.push_back({"a/" + std::to_string(i) + ".png", 0, i, 1, 0});
  return listing;
}

std::vector<std::uint64_t> ids(const SourceSplit& split) {
  std::vector<std::uint64_t> result;
  for (const SourceFile& file : split.files) result.push_back(file.sample_id);
  return result;
}

TEST(Selection, LimitKeepsTheFirstPositionsOfTheShuffleInSourceOrder) {
  Listing listing = ten_files();  // seed 42: 8 3 1 5 7 6 0 9 2 4
  select_files(listing, {parse_limits("train=4,val=99"), 42, "", ""});
  EXPECT_EQ(ids(listing.splits[0]), (std::vector<std::uint64_t>{1, 3, 5, 8}));
  EXPECT_EQ(listing.splits[1].files.size(), 10u);
}

TEST(Selection, IncludesAndExcludes) {
  const test::TempDir folder;
  write_file(folder / "in", "a/1.png\nval/a/2.png\na/3.png\n");
  write_file(folder / "out", "train/a/3.png\n");
  Listing listing = ten_files();
  select_files(listing, {{}, 0, folder / "in", folder / "out"});
  EXPECT_EQ(ids(listing.splits[0]), (std::vector<std::uint64_t>{1}));
  EXPECT_EQ(ids(listing.splits[1]), (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST(Selection, RefusesWhatDoesNotExist) {
  const test::TempDir folder;
  Listing listing = ten_files();
  EXPECT_THROW(select_files(listing, {{{"test", 5}}, 0, "", ""}), UsageError);
  write_file(folder / "in", "a/77.png\n");
  EXPECT_THROW(select_files(listing, {{}, 0, folder / "in", ""}), DataError);
  EXPECT_THROW(select_files(listing, {{}, 0, folder / "none", ""}), DataError);
  for (const char* text : {"train", "train=", "train=x", "train=0", "=5", "train=5,val"})
    EXPECT_THROW(parse_limits(text), UsageError) << text;
}

}  // namespace
}  // namespace intr
