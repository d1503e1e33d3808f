// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace intr {

/// Where the tensor of a Hugging Face key belongs in ours.
struct OurRows {
  std::string name;
  std::size_t part = 0;       ///< which of the pieces that follow one another in its rows
  std::size_t num_parts = 1;  ///< 3 for q, k and v, which we keep in one tensor
};

/// Our name for a key of DetrForObjectDetection or DetrModel (which lacks the leading "model."),
/// whether its backbone comes from timm or is Hugging Face's own. Nothing if no rule fits.
std::optional<OurRows> our_rows(std::string_view hugging_face_key);

/// Some rows of one of our tensors under the name that Hugging Face gives them.
struct RenamedRows {
  std::string name;
  std::int64_t first_row = 0;
  std::int64_t num_rows = 0;
};

/// The same rules the other way: how a Hugging Face file stores one of our tensors, as
/// DetrForObjectDetection with a backbone from timm spells it. in_proj tensors become three;
/// presence_vector.*, which Hugging Face does not know, keeps its name.
/// @param rows the tensor's first extent; for in_proj a multiple of 3
/// @return in the order of the rows; empty if there is no name for it
std::vector<RenamedRows> hugging_face_parts(std::string_view our_name, std::int64_t rows);

}  // namespace intr
