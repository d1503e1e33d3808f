// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_score_pieces.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>

#include "attention/score_plans.h"
#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "support/damage.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
using Samples = std::vector<Json>;
using test::small_score_plan;
using test::TempDir;

/// Samples of a piece with numbers that text likes to lose.
Samples samples_of(const ModelScorePlan& plan, std::int64_t number) {
  Samples samples;
  for (const std::int64_t id : plan.piece(number))
    samples.push_back({{"sample", id},
                       {"effect", {0.1, -0.0, 1e-310, 1.0 / 3, 1e300, 12345.0}},
                       {"logits", {0.1F, 3.4e38F}},
                       {"curve", nullptr}});
  return samples;
}

/// A folder with piece 1 of the small plan.
class OnePiece {
 public:
  OnePiece() { write_score_piece(dir_.path(), plan_, 1, samples_of(plan_, 1)); }
  const ModelScorePlan& plan() const { return plan_; }
  std::string path() const { return dir_ / "piece-00001.json"; }
  std::string trouble() const { return score_piece_trouble(dir_.path(), plan_, 1); }
  std::string trouble(const ModelScorePlan& plan) const {
    return score_piece_trouble(dir_.path(), plan, 1);
  }
  Samples read() const { return read_score_piece(dir_.path(), plan_, 1); }
  /// What is wrong after a change of the file's members.
  std::string trouble_after(const std::function<void(Json&)>& change) const {
    Json json = read_json(path());
    change(json);
    write_json(path(), json);
    return trouble();
  }
  const std::string& folder() const { return dir_.path(); }

 private:
  TempDir dir_;
  ModelScorePlan plan_ = small_score_plan();
};

TEST(ScorePieces, ReturnWhatWasWritten) {
  const OnePiece piece;
  EXPECT_EQ(piece.trouble(), "");
  const Samples read = piece.read(), expected = samples_of(piece.plan(), 1);
  EXPECT_EQ(read, expected);
  // Bit for bit: comparison of JSON takes -0 for 0.
  EXPECT_TRUE(std::signbit(read.at(0)["effect"][1].get<double>()));
  EXPECT_EQ(read.at(1)["logits"][0].get<float>(), 0.1F);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(piece.folder()), {}), 1);
}

TEST(ScorePieces, NanComesBackAsNull) {
  const TempDir dir;
  const ModelScorePlan plan = small_score_plan();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  write_score_piece(dir.path(), plan, 2, {{{"sample", 5793}, {"effect", nan}}});
  EXPECT_EQ(score_piece_trouble(dir.path(), plan, 2), "");
  EXPECT_TRUE(read_score_piece(dir.path(), plan, 2).at(0)["effect"].is_null());
}

TEST(ScorePieces, AreEqualByteForByte) {
  const OnePiece a, b;
  EXPECT_EQ(read_file(a.path()), read_file(b.path()));
  EXPECT_EQ(score_piece_file_name(17), "piece-00017.json");
}

TEST(ScorePieces, SpacesDoNotCount) {
  const OnePiece piece;
  EXPECT_EQ(piece.trouble_after([](Json&) {}), "");  // written again, with two spaces
  EXPECT_EQ(piece.trouble_after([](Json& json) {
    json["format_version"] = {1, 7};
    json["more"] = true;
  }),
            "");
}

TEST(ScorePieces, OtherSamplesAreNotWritten) {
  const TempDir dir;
  const ModelScorePlan plan = small_score_plan();
  EXPECT_THROW(write_score_piece(dir.path(), plan, 0, samples_of(plan, 1)), InternalError);
  EXPECT_THROW(write_score_piece(dir.path(), plan, 3, {}), InternalError);
  Samples turned = samples_of(plan, 1);
  std::swap(turned[0], turned[1]);
  EXPECT_THROW(write_score_piece(dir.path(), plan, 1, turned), InternalError);
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(ScorePieces, AMissingOneIsCalledSo) {
  const OnePiece piece;
  EXPECT_EQ(score_piece_trouble(piece.folder(), piece.plan(), 0), "missing");
  try {
    read_score_piece(piece.folder(), piece.plan(), 0);
    FAIL() << "it was read";
  } catch (const DataError& error) {
    EXPECT_EQ(std::string(error.what()),
              piece.folder() +
                  "/piece-00000.json: is missing. Next: run the same intr-score "
                  "command again");
  }
}

TEST(ScorePieces, ThoseOfAnotherRunAreRefused) {
  const OnePiece piece;
  ModelScorePlan other = piece.plan();
  other.options["seed"] = 4;
  identify(other);
  EXPECT_NE(piece.trouble(other).find("belongs to run " + piece.plan().run_id), std::string::npos)
      << piece.trouble(other);
  // The same run, cut in other pieces.
  ModelScorePlan cut_anew = piece.plan();
  cut_anew.piece_samples = 3;
  EXPECT_NE(piece.trouble(cut_anew).find("does not hold the samples"), std::string::npos);
  cut_anew.piece_samples = 1;
  EXPECT_NE(piece.trouble(cut_anew).find("does not hold the samples"), std::string::npos);
}

TEST(ScorePieces, ARenamedOneIsRefused) {
  const OnePiece piece;
  std::filesystem::rename(piece.path(), piece.folder() + "/piece-00000.json");
  const std::string trouble = score_piece_trouble(piece.folder(), piece.plan(), 0);
  EXPECT_NE(trouble.find("is piece 1, not 0"), std::string::npos) << trouble;
}

TEST(ScorePieces, ChangedMembersAreNoticed) {
  using Change = std::function<void(Json&)>;
  const std::vector<std::pair<Change, const char*>> cases = {
      {[](Json& json) { json["format"] = "intr-model-score-plan"; }, "this program reads"},
      {[](Json& json) {
         json["format_version"] = {2, 0};
       },
       "this program reads"},
      {[](Json& json) { json["run_id"] = "0"; }, "belongs to run 0"},
      {[](Json& json) { json.erase("run_id"); }, "is no piece of scores"},
      {[](Json& json) { json["samples"][1]["effect"][0] = 0.11; }, "have hash"},
      {[](Json& json) { json["samples"][1]["effect"][0] = nullptr; }, "have hash"},
      {[](Json& json) { json["samples"].erase(1); }, "have hash"},
      {[](Json& json) { json["samples"] = 1; }, "have hash"},
      {[](Json& json) { json["hash"] = 1; }, "is no piece of scores"},
      {[](Json& json) { json["hash"] = "0123456789abcdef"; }, "stored is 0123456789abcdef"},
      {[](Json& json) { json = Json::array({1}); }, "is no piece of scores"},
      {[](Json& json) { json = nullptr; }, "is no piece of scores"}};
  for (const auto& [change, expected] : cases) {
    const OnePiece piece;
    const std::string trouble = piece.trouble_after(change);
    EXPECT_NE(trouble.find(expected), std::string::npos) << trouble << " lacks " << expected;
    EXPECT_NE(trouble.find("piece-00001.json"), std::string::npos) << trouble;
    EXPECT_NE(trouble.find("Next: the same intr-score command"), std::string::npos) << trouble;
    EXPECT_THROW(piece.read(), DataError);
  }
}

TEST(ScorePieces, CutShortIsNoticed) {
  const OnePiece piece;
  const std::string text = read_file(piece.path());
  for (std::size_t size = text.size() - 1; size-- > 0;) {  // the last byte ends the line
    test::cut(piece.path(), size);
    EXPECT_NE(piece.trouble().find("no JSON at byte"), std::string::npos) << size;
  }
}

TEST(ScorePieces, AFlippedBitIsNoticedOrChangesNothing) {
  const OnePiece piece;
  const std::uint64_t bits = 8 * std::filesystem::file_size(piece.path());
  const Samples expected = samples_of(piece.plan(), 1);
  std::uint64_t harmless = 0;
  for (std::uint64_t bit = 0; bit < bits; ++bit) {
    test::flip_bit(piece.path(), bit);
    if (piece.trouble().empty()) {
      ++harmless;
      EXPECT_EQ(piece.read(), expected) << bit;
    }
    test::flip_bit(piece.path(), bit);
  }
  // Digits of the minor version, e or E in an exponent, white space at the end.
  EXPECT_LT(harmless, 20U);
  EXPECT_EQ(piece.trouble(), "");
}

TEST(ScorePieces, AFlippedByteIsNoticed) {
  const OnePiece piece;
  const std::uint64_t size = std::filesystem::file_size(piece.path());
  for (std::uint64_t byte = 0; byte < size; ++byte) {
    test::flip_byte(piece.path(), byte);
    EXPECT_NE(piece.trouble(), "") << byte;
    test::flip_byte(piece.path(), byte);
  }
}

TEST(ScorePieces, ANumberOfManyDigitsIsNoticed) {
  const OnePiece piece;
  write_file(piece.path(), std::string(400, '9'));
  EXPECT_NE(piece.trouble().find("is no piece of scores"), std::string::npos) << piece.trouble();
}

TEST(ScorePieces, AnotherJobMayHaveBeenFaster) {
  const OnePiece piece;
  const std::string before = read_file(piece.path());
  // A folder in the way of the temporary file stands for all that keeps it from being renamed.
  make_folder(AtomicFile(piece.path()).temporary_path() + "/in the way");
  write_score_piece(piece.folder(), piece.plan(), 1, samples_of(piece.plan(), 1));
  EXPECT_EQ(read_file(piece.path()), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(piece.folder()), {}), 1);
}

TEST(ScorePieces, OneThatCannotBeWrittenIsAnError) {
  const OnePiece piece;
  test::cut(piece.path(), 100);
  make_folder(AtomicFile(piece.path()).temporary_path() + "/in the way");
  EXPECT_THROW(write_score_piece(piece.folder(), piece.plan(), 1, samples_of(piece.plan(), 1)),
               Error);
  EXPECT_THROW(
      write_score_piece(piece.folder() + "/none", piece.plan(), 1, samples_of(piece.plan(), 1)),
      Error);
}

TEST(ScorePieces, LeftoversGoAndPiecesStay) {
  const OnePiece piece;
  place_score_plan(piece.folder(), piece.plan());
  for (const char* name : {"plan.json", "piece-00000.json", "piece-00001.json", "piece-00002.json"})
    write_file(fmt::format("{}/.{}.tmp-killed", piece.folder(), name), "half");
  write_file(piece.folder() + "/notes.txt", "mine");
  remove_score_leftovers(piece.folder(), piece.plan());
  EXPECT_EQ(piece.trouble(), "");
  EXPECT_EQ(read_score_plan(piece.folder()).run_id, piece.plan().run_id);
  EXPECT_TRUE(std::filesystem::exists(piece.folder() + "/notes.txt"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(piece.folder()), {}), 3);
}

}  // namespace
}  // namespace intr
