// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/class_pair.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"

namespace intr {
namespace {

const std::vector<std::string> kClasses = {"ant", "bee", "gull, herring", "gull", "herring,ant"};

ClassPair pair_of(const std::string& text) { return find_class_pair(kClasses, text, "confused"); }

std::string refusal(const std::string& text) {
  try {
    pair_of(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ClassPair, NamesAndNumbers) {
  EXPECT_EQ(pair_of("ant,bee"), (ClassPair{0, 1}));
  EXPECT_EQ(pair_of("1,0"), (ClassPair{1, 0}));
  EXPECT_EQ(pair_of("bee,3"), (ClassPair{1, 3}));
}

TEST(ClassPair, NamesMayHoldCommas) {
  EXPECT_EQ(pair_of("gull, herring,bee"), (ClassPair{2, 1}));
  EXPECT_EQ(pair_of("bee,gull, herring"), (ClassPair{1, 2}));
  EXPECT_EQ(pair_of("gull, herring,gull, herring"), (ClassPair{2, 2}));
  EXPECT_EQ(pair_of("herring,ant,bee"), (ClassPair{4, 1}));
}

TEST(ClassPair, RefusalsSayWhatToDo) {
  EXPECT_NE(refusal("ant").find("'ant' is not TRUE,PREDICTED"), std::string::npos);
  EXPECT_NE(refusal("ant,bea").find("did you mean 'bee'"), std::string::npos);
  EXPECT_NE(refusal("amt,bee").find("did you mean 'ant'"), std::string::npos);
  EXPECT_NE(refusal("gull, herrink,bee").find("did you mean 'gull, herring'"), std::string::npos)
      << refusal("gull, herrink,bee");
  EXPECT_NE(refusal("ant,9").find("no class '9'"), std::string::npos);
  EXPECT_NE(refusal(",").find("--confused"), std::string::npos);
  // "a" and "b,c", or "a,b" and "c".
  const std::vector<std::string> classes = {"a", "a,b", "b,c", "c"};
  try {
    find_class_pair(classes, "a,b,c", "confused");
    FAIL() << "cut";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("in 2 ways"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("such as 0,2"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace intr
