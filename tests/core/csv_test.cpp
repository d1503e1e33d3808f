// SPDX-License-Identifier: Apache-2.0
#include "intr/core/csv.h"

#include <gtest/gtest.h>

#include <cmath>

namespace intr {
namespace {

TEST(Csv, FieldsAreQuotedOnlyWhereTheyMustBe) {
  EXPECT_EQ(csv_field("great tit"), "great tit");
  EXPECT_EQ(csv_field(""), "");
  EXPECT_EQ(csv_field("tit, great"), "\"tit, great\"");
  EXPECT_EQ(csv_field("a \"b\""), "\"a \"\"b\"\"\"");
  EXPECT_EQ(csv_field("a\nb"), "\"a\nb\"");
  EXPECT_EQ(csv_field("a\rb"), "\"a\rb\"");
}

TEST(Csv, NumbersHaveNineDigits) {
  EXPECT_EQ(csv_field(1.0 / 3), "0.333333333");
  EXPECT_EQ(csv_field(2.0), "2");
  EXPECT_EQ(csv_field(-std::nan("")), "nan");
}

}  // namespace
}  // namespace intr
