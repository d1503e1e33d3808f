// SPDX-License-Identifier: Apache-2.0
// What we export to .pth is read by LibTorch's own reader, which has no restrictions to hide behind
// and no Python.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <vector>

#include "intr/io/atomic_file.h"
#include "intr/weights/weight_export.h"
#include "support/model_checkpoint.h"
#include "support/small_model.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

TEST(LibTorchExport, PickleLoadReadsEveryTensor) {
  const test::TempDir folder;
  const ModelConfig config = test::small_config();
  write_checkpoint(folder / "run.h5", test::model_checkpoint(config));
  const WeightFile source(folder / "run.h5");
  const std::string out = folder / "model.pth";
  write_export(plan_export(source, {}), out).commit();

  const std::string bytes = read_file(out);
  const c10::IValue top = torch::pickle_load({bytes.begin(), bytes.end()});
  ASSERT_TRUE(top.isGenericDict());
  const auto model = top.toGenericDict().at("model").toGenericDict();
  const TensorMap expected = test::formula_tensors(config);
  EXPECT_EQ(model.size(), expected.size());
  for (const auto& [name, tensor] : expected)
    EXPECT_TRUE(torch::equal(model.at(name).toTensor(), tensor)) << name;
  const auto ours = top.toGenericDict().at("intr").toGenericDict();
  EXPECT_EQ(ours.at("classes").toList().size(), 7U);
}

}  // namespace
}  // namespace intr
