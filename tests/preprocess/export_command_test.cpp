// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "intr/core/hash.h"
#include "intr/image/decode.h"
#include "intr/io/file_range.h"
#include "intr/io/json_file.h"
#include "packed_set.h"

namespace intr {
namespace {

using test::quoted;

class ExportCommandTest : public test::PackedSetTest {
 protected:
  const std::string png = folder / "x y.png";
};

// golden/export.json: what Pillow makes of three pictures, with draws from NumPy's Philox.
TEST_F(ExportCommandTest, EqualsPillowsPixels) {
  const std::string golden = INTR_EXPORT_GOLDEN;
  const std::string pictures = folder / "golden";
  for (const char* name : {"export_0.jpg", "export_1.png", "export_2.jpg"})
    test::put(pictures + "/train/a/" + name, read_file(golden + "/" + name));
  ASSERT_EQ(run("pack --splits train --out " + quoted(set) + " " + quoted(pictures)).exit_code, 0);
  const auto cases = read_json(golden + "/export.json").at("cases");
  ASSERT_EQ(cases.size(), 32u);
  for (const auto& expected : cases) {
    const auto done = json_of(
        "export",
        fmt::format("--split train --sample {} --transform {} --seed {} --epoch {} -o {}",
                    expected["sample"].get<int>(), expected["transform"].get<std::string>(),
                    expected["seed"].get<int>(), expected["epoch"].get<int>(), quoted(png)));
    ASSERT_TRUE(done.contains("final")) << expected;
    EXPECT_EQ(done["flip"], expected["flip"]) << expected;
    ASSERT_EQ(done["crop"].is_null(), expected["crop"].is_null()) << expected;
    if (!done["crop"].is_null()) {
      const auto& crop = done["crop"];
      std::vector<std::int64_t> numbers;
      for (const char* name : {"width", "height", "left", "top"}) numbers.push_back(crop[name]);
      for (const char* name : {"width", "height"}) numbers.push_back(crop["of"][name]);
      EXPECT_EQ(numbers, expected["crop"].get<std::vector<std::int64_t>>()) << expected;
    }
    const Image image = decode_image(InputFile(png).read_all(), png);
    EXPECT_EQ(std::vector({image.size.width, image.size.height}),
              expected["final"].get<std::vector<std::int64_t>>());
    EXPECT_EQ(done["final"]["width"], image.size.width);
    EXPECT_EQ(fmt::format("{:016x}", xxh3_64(std::as_bytes(std::span(image.rgb)))), expected["rgb"])
        << expected;
  }
}

TEST_F(ExportCommandTest, SaysWhatWasDone) {
  pack();
  const std::string out = " -o " + quoted(png);
  const test::ProgramResult plain =
      on_set("export", "--split val --sample b/1.png --transform none" + out);
  EXPECT_NE(plain.output.find("sample     3 of val, b/1.png (b)\n"), std::string::npos);
  EXPECT_NE(plain.output.find("source     32x24\n"), std::string::npos) << plain.output;
  EXPECT_NE(plain.output.find("final      32x24\n"), std::string::npos) << plain.output;
  EXPECT_EQ(decode_image(InputFile(png).read_all(), png).rgb,
            decode_image(InputFile(root + "/val/b/1.png").read_all(), png).rgb);
  const test::ProgramResult resized =
      on_set("export", "--split val --sample 3 --transform val:48 --out=" + quoted(png));
  EXPECT_NE(resized.output.find("final      64x48\n"), std::string::npos) << resized.output;
}

TEST_F(ExportCommandTest, RefusesWrongUseAndDamage) {
  pack();
  const std::string out = " -o " + quoted(png);
  expect_refused(on_set("export", "--split val --sample 3"), 2, "--out: must be given");
  expect_refused(on_set("export", "--split val" + out), 2, "--sample: must be given");
  expect_refused(on_set("export", "--sample 3" + out), 2, "--split: must be given");
  expect_refused(on_set("export", "--split val --sample 3 --transform big" + out), 2,
                 "--transform: 'big' is no transform. Next: use val:S, flip:S or train:S");
  expect_refused(on_set("export", "--split val --sample 3 --epoch -1" + out), 2, "--epoch");
  expect_refused(on_set("export", "--split val --sample 3 --uot x"), 2, "did you mean --out?");
  expect_damage_is_refused("export", "--split val --sample 3" + out);
  EXPECT_FALSE(std::filesystem::exists(png));
}

}  // namespace
}  // namespace intr
