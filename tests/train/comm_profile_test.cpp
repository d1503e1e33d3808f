// SPDX-License-Identifier: Apache-2.0
#include "intr/train/comm_profile.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

const CommProfile kProfile{
    .ranks = 8, .nodes = 4, .fit = {{9e-6, 4e9}, 0.07}, .picture_backward_s = 0.25};

Json file_of(const CommProfile& profile) {
  return {{"schema", "intr-bench/1"}, {"bench", "comm"}, {"summary", to_json(profile)}};
}

TEST(CommProfile, IsReadAsItWasWritten) {
  const test::TempDir folder;
  const std::string path = folder / "profile.json";
  write_json(path, file_of(kProfile));
  const CommProfile read = read_comm_profile(path);
  EXPECT_EQ(read.ranks, 8);
  EXPECT_EQ(read.nodes, 4);
  EXPECT_NEAR(read.fit.link.latency_s, 9e-6, 1e-15);
  EXPECT_NEAR(read.fit.link.bytes_per_s, 4e9, 1);
  EXPECT_EQ(read.fit.error, 0.07);
  EXPECT_NEAR(read.picture_backward_s, 0.25, 1e-12);
  Json without = file_of(kProfile);
  without["summary"].erase("picture_backward_ms");
  write_json(path, without);
  EXPECT_EQ(read_comm_profile(path).picture_backward_s, 0);
}

TEST(CommProfile, WhatIsBrokenIsNamedWithItsFileAndTheNextStep) {
  const test::TempDir folder;
  const std::string path = folder / "profile.json";
  const auto refusal = [&] {
    try {
      static_cast<void>(read_comm_profile(path));
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(refusal().find("profile.json"), std::string::npos) << "it is missing";
  write_file(path, "{\"schema\": ");
  EXPECT_NE(refusal().find("no JSON"), std::string::npos);

  struct Fault {
    const char* says;
    void (*damage)(Json&);
  };
  for (const Fault& fault : std::initializer_list<Fault>{
           {"no JSON object", [](Json& file) { file = 3; }},
           {"schema is 'intr-bench/2'", [](Json& file) { file["schema"] = "intr-bench/2"; }},
           {"'schema' is missing", [](Json& file) { file.erase("schema"); }},
           {"it is of intr-bench loader", [](Json& file) { file["bench"] = "loader"; }},
           {"'summary' is missing", [](Json& file) { file.erase("summary"); }},
           {"'summary' is no object", [](Json& file) { file["summary"] = Json::array(); }},
           {"'picture_backward_ms' is -1",
            [](Json& file) { file["summary"]["picture_backward_ms"] = -1; }},
           {"'beta_gb_s' is 0", [](Json& file) { file["summary"]["beta_gb_s"] = 0; }},
           {"'beta_gb_s' is null", [](Json& file) { file["summary"]["beta_gb_s"] = nullptr; }},
           {"'alpha_us' is -1", [](Json& file) { file["summary"]["alpha_us"] = -1; }},
           {"'alpha_us' is \"fast\"", [](Json& file) { file["summary"]["alpha_us"] = "fast"; }},
           {"1 ranks on 1 nodes", [](Json& file) {
              file["summary"]["ranks"] = 1;
              file["summary"]["nodes"] = 1;
            }}}) {
    Json file = file_of(kProfile);
    fault.damage(file);
    write_json(path, file);
    const std::string text = refusal();
    EXPECT_NE(text.find(fault.says), std::string::npos) << fault.says << " in " << text;
    EXPECT_NE(text.find("intr-bench comm --json"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace intr
