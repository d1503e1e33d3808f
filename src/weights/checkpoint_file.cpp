// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/checkpoint_file.h"

#include <algorithm>

#include "checkpoint_reader.h"
#include "intr/core/error.h"

namespace intr {

std::uint64_t CheckpointTensor::num_values() const noexcept {
  std::uint64_t count = 1;
  for (const std::int64_t extent : shape) count *= static_cast<std::uint64_t>(extent);
  return count;
}

const float* Checkpoint::values(const CheckpointTensor& tensor) const {
  const std::vector<float>& array = tensor.kind == TensorKind::kTrainable ? param : frozen;
  if (tensor.offset + tensor.num_values() > array.size())
    throw InternalError("a tensor lies outside its array", tensor.name);
  return array.data() + tensor.offset;
}

const CheckpointTensor* Checkpoint::find(const std::string& name) const {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [&](const CheckpointTensor& t) { return t.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

Checkpoint read_checkpoint(const std::string& path, bool with_moments) {
  const CheckpointReader in(path);
  Checkpoint checkpoint = in.read_head();
  checkpoint.param = in.read<float>("/flat/param");
  checkpoint.frozen = in.read<float>("/frozen/f32");
  in.require_layout(checkpoint.tensors, checkpoint.param.size(), checkpoint.frozen.size());
  if (!with_moments) return checkpoint;
  checkpoint.exp_avg = in.read<float>("/flat/exp_avg");
  checkpoint.exp_avg_sq = in.read<float>("/flat/exp_avg_sq");
  if (checkpoint.exp_avg.size() != checkpoint.param.size() ||
      checkpoint.exp_avg_sq.size() != checkpoint.param.size())
    in.fail("the moments and the parameters differ in length");
  return checkpoint;
}

Checkpoint verify_checkpoint(const std::string& path) { return CheckpointReader(path).verify(); }

}  // namespace intr
