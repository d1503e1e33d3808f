// SPDX-License-Identifier: Apache-2.0
#include "intr/core/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "intr/core/error.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class CsvReaderTest : public testing::Test {
 protected:
  CsvReader reader(const std::string& text) {
    std::ofstream(folder_ / "x.csv", std::ios::binary) << text;
    return CsvReader(folder_ / "x.csv");
  }
  std::string refusal(const std::string& text) {
    try {
      CsvReader rows = reader(text);
      while (rows.next()) {
      }
    } catch (const DataError& error) {
      return error.what();
    }
    return "read";
  }
  test::TempDir folder_;
};

TEST_F(CsvReaderTest, FieldsMayBeQuotedAndThenHoldAnything) {
  CsvReader rows =
      reader("\xEF\xBB\xBFpath,label\r\n\"a,b\",\"say \"\"hi\"\"\"\r\n\n\"two\nlines\",\nlast,x");
  EXPECT_THAT(rows.header(), ElementsAre("path", "label"));
  EXPECT_EQ(rows.column("label"), 1u);
  EXPECT_FALSE(rows.find("split"));
  auto row = rows.next();
  EXPECT_THAT(row->fields, ElementsAre("a,b", "say \"hi\""));
  EXPECT_EQ(row->line, 2);
  row = rows.next();
  EXPECT_THAT(row->fields, ElementsAre("two\nlines", ""));
  EXPECT_EQ(row->line, 4);
  row = rows.next();
  EXPECT_THAT(row->fields, ElementsAre("last", "x"));
  EXPECT_EQ(row->line, 6);
  EXPECT_FALSE(rows.next());
}

TEST_F(CsvReaderTest, WhatIsWrongIsSaidWithItsLine) {
  EXPECT_THAT(refusal(""), HasSubstr("line 1: the file is empty"));
  EXPECT_THAT(refusal("a,a\n"), HasSubstr("line 1: the column 'a' stands there twice"));
  EXPECT_THAT(refusal("a,b\n1\n"), HasSubstr("line 2: 1 fields, the header has 2"));
  EXPECT_THAT(refusal("a,b\n1,2\n\"x,3\n"), HasSubstr("line 3: a quote is never closed"));
  EXPECT_THAT(refusal("a,b\n\"x\"y,3\n"), HasSubstr("line 2: text behind a closed quote"));
  EXPECT_THAT(refusal("a,b\nx\"y,3\n"), HasSubstr("line 2: a quote within a field"));
  EXPECT_THAT(refusal("a,b\n1,2\n\xFF,3\n"), HasSubstr("line 3: is no UTF-8"));
  EXPECT_THAT(refusal("a,b\n1,2\n"), "read");
  EXPECT_THROW(CsvReader(folder_ / "missing.csv"), DataError);
}

TEST_F(CsvReaderTest, AMissingColumnIsAnsweredWithThoseThatThereAre) {
  const CsvReader rows = reader("path,class\n");
  try {
    rows.column("label");
    FAIL() << "found";
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no column 'label', only: path, class"));
  }
}

TEST_F(CsvReaderTest, NumbersAreWholeFields) {
  CsvReader rows = reader("n\n-2.5e1\n1x\ninf\n");
  EXPECT_EQ(csv_number(rows, *rows.next(), 0), -25.0);
  for (int i = 0; i < 2; ++i) {
    const auto row = rows.next();
    EXPECT_THROW(csv_number(rows, *row, 0), DataError) << row->fields[0];
  }
}

}  // namespace
}  // namespace intr
