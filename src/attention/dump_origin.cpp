// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_origin.h"

#include <fmt/format.h>

#include "intr/attention/dump_plan.h"
#include "intr/core/error.h"
#include "intr/model/precision.h"

namespace intr {

void require_same_origin(const DumpFacts& facts, const std::string& model_hash,
                         const DataIndex& index, const Transform& transform,
                         const std::string& where) {
  const auto compare = [&](const char* what, const std::string& there, const std::string& here) {
    if (there != here)
      throw DataError(fmt::format("was made from another {}: {}, not {}", what, there, here), where,
                      fmt::format("give the {} that intr-attend was given", what));
  };
  compare("model", facts.model_hash, model_hash);
  compare("data set", facts.dataset_id, index.dataset_id());
  compare("split", facts.split, index.split());
  compare("transform", facts.transform, describe_transform(transform));
}

at::ScalarType take_precision_of(const DumpFacts& facts, at::Device device) {
  try {
    return take_precision(facts.precision, device);
  } catch (const Error& error) {
    throw EnvironmentError(
        fmt::format("the dump was computed in {}, which is not possible here ({})", facts.precision,
                    error.what()),
        "--device", "use the kind of machine that made it");
  }
}

}  // namespace intr
