// SPDX-License-Identifier: Apache-2.0
// The whole job through the programs, as a user runs it: pack, train on two ranks, stop by a
// signal, resume, evaluate, dump, draw. What is compared is what is promised: the same answer
// however often the job stopped and wherever it ran.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/image/decode.h"
#include "intr/image/encode.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "intr/weights/checkpoint_file.h"
#include "support/programs.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::on_ranks;
using test::program;
using test::ProgramResult;
using test::quoted;
using test::run_program;

const std::vector<std::string> kClasses = {"red", "green", "blue"};

/// A picture that its class colors, with a square whose place depends on its number.
Image picture(std::size_t color, std::int64_t number) {
  Image image{.size = {40, 48}, .rgb = std::vector<std::uint8_t>(40 * 48 * 3, 90)};
  const std::int64_t top = number * 5 % 24;
  const std::int64_t left = number * 11 % 32;
  for (std::int64_t y = top; y < top + 16; ++y) {
    for (std::int64_t x = left; x < left + 16; ++x)
      image.rgb[static_cast<std::size_t>((y * 48 + x) * 3) + color] = 230;
  }
  return image;
}

void make_pictures(const std::string& folder, const std::string& split, std::int64_t each) {
  for (std::size_t color = 0; color < kClasses.size(); ++color) {
    const std::string below = folder + "/" + split + "/" + kClasses[color];
    make_folder(below);
    for (std::int64_t number = 0; number < each; ++number) {
      const std::vector<std::byte> png = encode_png(picture(color, number));
      write_file(below + "/" + std::to_string(number) + ".png",
                 {reinterpret_cast<const char*>(png.data()), png.size()});
    }
  }
}

ProgramResult succeed(const std::string& command) {
  ProgramResult result = run_program(command);
  EXPECT_EQ(result.exit_code, 0) << command << "\n" << result.output << result.errors;
  return result;
}

/// Lines of a run's metrics without what a clock says.
std::vector<nlohmann::json> timeless_metrics(const std::string& run) {
  std::vector<nlohmann::json> records;
  std::ifstream file(run + "/metrics.jsonl");
  for (std::string line; std::getline(file, line);) {
    nlohmann::json record = nlohmann::json::parse(line);
    for (const char* field : {"time", "ms", "images_s", "loader"}) record.erase(field);
    records.push_back(std::move(record));
  }
  return records;
}

Checkpoint last_checkpoint(const std::string& run) {
  return read_checkpoint(run + "/checkpoints/last.h5");
}

std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) names.push_back(fs::relative(entry.path(), folder));
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Pipeline : public testing::Test {
 protected:
  void SetUp() override {
    make_pictures(folder_ / "pictures", "train", 12);
    make_pictures(folder_ / "pictures", "val", 3);
    succeed(program("pack") + " pack " + quoted(folder_ / "pictures") + " --out " + quoted(set()) +
            " --quiet");
    succeed(program("pack") + " verify " + quoted(set()) + " --level decode");
  }

  std::string set() const { return folder_ / "set"; }
  std::string train(const std::string& run) const {
    return program("train") + " --data " + quoted(set()) + " --out " + quoted(folder_ / run) +
           " --backbone resnet18 --backbone-stages 3 --hidden-dim 32 --nheads 4 --enc-layers 1"
           " --dec-layers 1 --dim-feedforward 64 --pre-norm --image-size 48 --augmentation flip"
           " --batch-size 9 --micro-batch 3 --epochs 12 --lr 1e-3 --lr-backbone 1e-3"
           " --warmup-steps 4 --clip-max-norm 1 --threads 1 --log-every 1 --quiet";
  }

  test::TempDir folder_;
};

TEST_F(Pipeline, StoppedAndResumedTrainingEqualsTheUnbrokenRun) {
  succeed(on_ranks(2) + train("unbroken"));

  // The signal comes when the first epoch's checkpoint is there: in the middle of the run, wherever
  // that is.
  const std::string run = folder_ / "stopped";
  const ProgramResult stopped =
      run_program(on_ranks(2) + train("stopped") + " & pid=$!\n" + "while [ ! -e " + quoted(run) +
                  "/checkpoints/MANIFEST ] && kill -0 $pid 2>/dev/null; do sleep 0.05; done\n" +
                  "kill -USR2 $pid; wait $pid");
  EXPECT_EQ(stopped.exit_code, 75) << stopped.errors;
  const Checkpoint at_stop = last_checkpoint(run);
  EXPECT_LT(at_stop.step, 12 * 4);
  EXPECT_GT(at_stop.step, 0);
  succeed(on_ranks(2) + train("stopped"));

  const Checkpoint unbroken = last_checkpoint(folder_ / "unbroken");
  const Checkpoint resumed = last_checkpoint(run);
  EXPECT_EQ(unbroken.step, 12 * 4);
  EXPECT_EQ(resumed.step, unbroken.step);
  EXPECT_EQ(resumed.param, unbroken.param);
  EXPECT_EQ(resumed.exp_avg, unbroken.exp_avg);
  EXPECT_EQ(resumed.exp_avg_sq, unbroken.exp_avg_sq);
  EXPECT_EQ(timeless_metrics(run), timeless_metrics(folder_ / "unbroken"));
  EXPECT_EQ(read_file(run + "/log.txt"), read_file(folder_ / "unbroken/log.txt"));
}

TEST_F(Pipeline, EvaluationDumpAndPicturesDoNotDependOnRanks) {
  const std::string run = folder_ / "run";
  succeed(on_ranks(2) + train("run"));
  const std::string asked = " --model " + quoted(run) + " --data " + quoted(set()) + " --split val";

  const std::string one = succeed(program("eval") + asked + " --threads 1 --json").output;
  for (const int ranks : {2, 4}) {
    EXPECT_EQ(succeed(on_ranks(ranks) + program("eval") + asked + " --threads 1 --json").output,
              one);
  }
  EXPECT_EQ(nlohmann::json::parse(one).at("samples"), 9);

  for (const int ranks : {1, 2, 4}) {
    succeed(on_ranks(ranks) + program("attend") + asked + " --threads 1 --quiet --out " +
            quoted(folder_ / ("dump" + std::to_string(ranks))));
  }
  const std::string dump = folder_ / "dump1";
  std::int64_t pieces = 0;
  for (const std::string& name : files_below(dump)) {
    if (name == "plan.json" || name == "dump.json") continue;  // they say how and when it ran
    pieces += name.starts_with("piece-") ? 1 : 0;
    for (const char* other : {"dump2", "dump4"})
      EXPECT_EQ(read_file(dump + "/" + name), read_file(folder_ / other + "/" + name)) << name;
  }
  EXPECT_GT(pieces, 0);
  succeed(program("attend") + " verify " + quoted(dump));

  succeed(program("render") + " overlays " + quoted(dump) + " --data " + quoted(set()) + " --out " +
          quoted(folder_ / "pictures-drawn") + " --quiet");
  std::int64_t drawn = 0;
  for (const std::string& name : files_below(folder_ / "pictures-drawn")) {
    if (!name.ends_with(".png")) continue;
    ++drawn;
    const std::string bytes = read_file(folder_ / "pictures-drawn/" + name);
    const Image image = decode_image(std::as_bytes(std::span(bytes)), name);
    EXPECT_GT(image.size.area(), 0);
  }
  EXPECT_EQ(drawn, 9);
  succeed(program("render") + " gallery " + quoted(dump) + " --data " + quoted(set()) + " --out " +
          quoted(folder_ / "gallery") + " --quiet");
  EXPECT_TRUE(fs::exists(folder_ / "gallery/index.html"));
}

}  // namespace
}  // namespace intr
