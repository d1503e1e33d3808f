// SPDX-License-Identifier: Apache-2.0
#include "intr/core/option_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

struct Options {
  std::int64_t batch_size = 48;
  double lr = 5e-5;
  std::string out;
  bool pre_norm = false;
  Words tags;
  Words sources;
};

OptionSet describe(Options& options) {
  OptionSet set("intr-test SOURCE [options]", "Does nothing.");
  set.group("Optimization")
      .add("batch-size", options.batch_size, "images per step")
      .add("lr", options.lr, "learning rate");
  set.group("Run")
      .add("out", options.out, "folder")
      .add("pre-norm", options.pre_norm, "norm first")
      .add("tag", options.tags, "a word");
  set.positional("SOURCE", options.sources, 0, 2, "what to read");
  return set;
}

/// Parses and returns the message of the UsageError, or "" if there was none.
std::string usage_error(const Words& words) {
  Options options;
  OptionSet set = describe(options);
  try {
    set.parse(words, "facts\n");
  } catch (const UsageError& error) {
    return error.what();
  }
  return {};
}

TEST(OptionSet, InitializersAreTheDefaults) {
  Options options;
  OptionSet set = describe(options);
  EXPECT_TRUE(set.parse({}, "facts\n"));
  EXPECT_EQ(options.batch_size, 48);
  EXPECT_EQ(options.lr, 5e-5);
  EXPECT_EQ(options.out, "");
  EXPECT_FALSE(options.pre_norm);
  EXPECT_FALSE(set.given("lr"));
}

TEST(OptionSet, FillsTheFields) {
  Options options;
  OptionSet set = describe(options);
  EXPECT_TRUE(set.parse({"one", "--batch-size", "-3", "--lr=0.1", "--out", "a b", "--pre-norm",
                         "--tag", "x", "--tag", "y", "two"},
                        "facts\n"));
  EXPECT_EQ(options.batch_size, -3);
  EXPECT_EQ(options.lr, 0.1);
  EXPECT_EQ(options.out, "a b");
  EXPECT_TRUE(options.pre_norm);
  EXPECT_EQ(options.tags, (Words{"x", "y"}));
  EXPECT_EQ(options.sources, (Words{"one", "two"}));
  EXPECT_TRUE(set.given("lr"));
  EXPECT_EQ(set.values().dump(),
            R"({"batch-size":-3,"lr":0.1,"out":"a b","pre-norm":true,"tag":["x","y"]})");
}

TEST(OptionSet, SwitchesTakeOnAndOff) {
  Options options;
  options.pre_norm = true;
  OptionSet set = describe(options);
  set.parse({"--pre-norm=off"}, "");
  EXPECT_FALSE(options.pre_norm);
}

TEST(OptionSet, SwitchesLeaveWordsAlone) {
  const auto parse = [](const Words& words) {
    Options options;
    OptionSet set = describe(options);
    set.parse(words, "");
    return options;
  };
  const Options before = parse({"--pre-norm", "heron.jpg", "--out", "x"});
  EXPECT_TRUE(before.pre_norm);
  EXPECT_EQ(before.sources, (Words{"heron.jpg"}));
  EXPECT_TRUE(parse({"heron.jpg", "--pre-norm"}).pre_norm);
  const Options answered = parse({"--pre-norm", "off", "heron.jpg"});
  EXPECT_FALSE(answered.pre_norm);
  EXPECT_EQ(answered.sources, (Words{"heron.jpg"}));
  EXPECT_EQ(parse({"--", "--pre-norm"}).sources, (Words{"--pre-norm"}));
}

TEST(OptionSet, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(usage_error({"--bach-size", "3"}), HasSubstr("did you mean --batch-size"));
  EXPECT_THAT(usage_error({"--batch", "3"}), HasSubstr("--batch: unknown option"));
  EXPECT_THAT(usage_error({"--zzzzzzzzzz"}), HasSubstr("--help lists the options"));
  EXPECT_THAT(usage_error({"--batch-size", "many"}), HasSubstr("batch-size"));
  EXPECT_THAT(usage_error({"--batch-size", "1e3"}), HasSubstr("batch-size"));
  EXPECT_THAT(usage_error({"--batch-size"}), HasSubstr("batch-size"));
  EXPECT_THAT(usage_error({"a", "b", "c"}), HasSubstr("SOURCE expected, 3 given"));
  Options options;
  OptionSet no_words("intr-test", "Does nothing.");
  no_words.add("lr", options.lr, "learning rate");
  EXPECT_THROW(no_words.parse({"stray"}, ""), UsageError);
}

TEST(OptionSet, TheCommandLineWinsOverTheFile) {
  const test::TempDir folder;
  write_file(folder / "c.ini", "lr = 0.25\nbatch-size = 12\n# a comment\n");
  Options options;
  OptionSet set = describe(options);
  set.parse({"--config", folder / "c.ini", "--batch-size", "7"}, "");
  EXPECT_EQ(options.lr, 0.25);
  EXPECT_EQ(options.batch_size, 7);
  EXPECT_TRUE(set.given("lr"));
  write_file(folder / "bad.ini", "learning = 0.25\n");
  EXPECT_THAT(usage_error({"--config", folder / "bad.ini"}), HasSubstr("--learning"));
  EXPECT_THAT(usage_error({"--config", folder / "missing.ini"}), HasSubstr("missing.ini"));
}

TEST(OptionSet, PrintsHelpAndVersion) {
  for (const char* word : {"--help", "-h"}) {
    Options options;
    OptionSet set = describe(options);
    testing::internal::CaptureStdout();
    EXPECT_FALSE(set.parse({word}, "facts\n"));
    const std::string help = testing::internal::GetCapturedStdout();
    EXPECT_THAT(help, testing::StartsWith("Usage: intr-test SOURCE [options]\n"));
    for (const char* part : {"Optimization", "--batch-size arg (=48)", "--lr arg (=5e-05)",
                             "--out arg (=none)", "images per step", "General"})
      EXPECT_THAT(help, HasSubstr(part));
  }
  Options options;
  OptionSet set = describe(options);
  testing::internal::CaptureStdout();
  EXPECT_FALSE(set.parse({"--version"}, "facts\n"));
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "facts\n");
}

TEST(OptionSet, NearestMatch) {
  EXPECT_EQ(nearest_match("verfy", {"pack", "verify", "ls"}), "verify");
  EXPECT_EQ(nearest_match("xyzzyplugh", {"pack", "verify", "ls"}), "");
}

TEST(OptionSet, Requirements) {
  EXPECT_NO_THROW(require_choice("comm", "mpi", {"auto", "mpi"}));
  EXPECT_THROW(require_choice("comm", "MPI", {"auto", "mpi"}), UsageError);
  try {
    require_choice("comm", "mip", {"auto", "mpi"});
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "--comm: 'mip' is none of: auto, mpi. Next: did you mean mpi?");
  }
  EXPECT_NO_THROW(require_range("epochs", std::int64_t{1}, 1, 9));
  EXPECT_THROW(require_range("epochs", std::int64_t{10}, 1, 9), UsageError);
  EXPECT_THROW(require_range("dropout", std::nan(""), 0.0, 1.0), UsageError);
  EXPECT_NO_THROW(require_given("out", "x", "RUN"));
  try {
    require_given("out", "", "RUN");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "--out: must be given. Next: add --out RUN");
  }
}

TEST(OptionSet, WordsAfterTheProgram) {
  char program[] = "intr";
  char command[] = "pack";
  char word[] = "x";
  char* words[] = {program, command, word};
  EXPECT_EQ(arguments_of(3, words), (Words{"pack", "x"}));
  EXPECT_EQ(arguments_of(3, words, 2), Words{"x"});
  EXPECT_EQ(arguments_of(1, words), Words{});
}

}  // namespace
}  // namespace intr
