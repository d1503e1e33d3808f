// SPDX-License-Identifier: Apache-2.0
// Values of honest Python that a weight file has no place for: refused with advice that helps, or
// taken where that is harmless.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "intr/io/atomic_file.h"
#include "intr/weights/weight_file.h"
#include "support/temp_dir.h"
#include "weights/pickle_bytes.h"
#include "weights/torch_bytes.h"
#include "weights/weight_corpus.h"

namespace intr {
namespace {

using test::PickleBytes;
using testing::HasSubstr;

class WeightAdvice : public testing::Test {
 protected:
  std::string path_of(const PickleBytes& pickle) const {
    write_file(folder_ / "file.pth", test::torch_zip(pickle.done()));
    return folder_ / "file.pth";
  }
  std::string refusal_of(const PickleBytes& pickle) const {
    return test::refusal_to_open(path_of(pickle));
  }
  test::TempDir folder_;
};

TEST_F(WeightAdvice, ACounterIsItsDict) {
  // What torch keeps of MultiStepLR's milestones: Counter({3: 1, 4: 1}).
  const std::string path = path_of(PickleBytes()
                                       .raw("}")
                                       .text("milestones")
                                       .global("collections", "Counter")
                                       .raw("}(K\x03K\x01K\x04K\x01u\x85Rs"));
  const WeightFile file(path);
  std::string values;
  file.for_each_value([&](const std::string& name, const Value& value) {
    values += name + "=" + shown(value) + " ";
  });
  EXPECT_EQ(values, "milestones/3=1 milestones/4=1 ");
  EXPECT_THAT(refusal_of(PickleBytes().global("collections", "Counter").raw(")R")),
              HasSubstr("Counter takes one dict"));
}

TEST_F(WeightAdvice, PlainValuesAreToBeTurnedIntoOthers) {
  for (const auto& [module, name] :
       {std::pair("__builtin__", "set"), std::pair("builtins", "set"),
        std::pair("pathlib", "PosixPath"), std::pair("datetime", "datetime"),
        std::pair("torch.torch_version", "TorchVersion"), std::pair("collections", "defaultdict")})
    EXPECT_THAT(refusal_of(PickleBytes().global(module, name)), HasSubstr("list(x), str(x)"))
        << name;
  EXPECT_THAT(refusal_of(PickleBytes().raw("\x8f")), HasSubstr("list(x), str(x)")) << "a set";
  EXPECT_THAT(refusal_of(PickleBytes().raw("}K\x01\x85K\x01s")), HasSubstr("list(x), str(x)"))
      << "a tuple as a key";
  EXPECT_THAT(refusal_of(PickleBytes().raw("\x8a\x09").raw(std::string(9, '\1'))),
              HasSubstr("list(x), str(x)"))
      << "a seed of more than 63 bits";
}

TEST_F(WeightAdvice, WhatRunsSomethingIsNeverSaidToBePlain) {
  for (const auto& [module, name] :
       {std::pair("posix", "system"), std::pair("builtins", "eval"), std::pair("os", "system"),
        std::pair("builtins", "getattr"), std::pair("subprocess", "Popen")})
    EXPECT_THAT(refusal_of(PickleBytes().global(module, name)),
                HasSubstr("do not load this file with torch.load either"))
        << name;
  EXPECT_THAT(refusal_of(PickleBytes().raw("\x82\x01")), HasSubstr("damaged or hostile"));
}

TEST_F(WeightAdvice, TensorsOfOtherKinds) {
  EXPECT_THAT(refusal_of(PickleBytes().global("torch._tensor", "_rebuild_from_type_v2")),
              HasSubstr("x.detach().clone()"));
  EXPECT_THAT(refusal_of(PickleBytes().global("torch._utils", "_rebuild_sparse_tensor")),
              HasSubstr("to_dense"));
  EXPECT_THAT(refusal_of(PickleBytes().global("torch._utils", "_rebuild_meta_tensor_no_storage")),
              HasSubstr("has no values"));
  EXPECT_THAT(refusal_of(PickleBytes().global("torch.storage", "UntypedStorage")),
              HasSubstr("instead of its storage"));
}

}  // namespace
}  // namespace intr
