// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace intr {

/// How far a dump's folder has come.
struct DumpStatus {
  struct Piece {
    std::string file;
    std::int64_t samples = 0;
    std::string trouble;  ///< "" = good, "missing", or what is wrong
  };
  std::vector<Piece> pieces;
  std::int64_t samples_done = 0;
  std::int64_t samples_planned = 0;
  bool finished = false;  ///< dump.json is there and every piece is good
};

/// Looks at plan.json and every piece; reads no maps. @throws DataError if it is no dump
DumpStatus dump_status(const std::string& folder);

/// Reads everything of a finished dump or a merged file: structure, hashes, sums, finiteness, each
/// planned sample exactly once, piece files as dump.json lists them. Of a dump that is not
/// complete: of the samples that are there.
/// @return what is wrong, a sentence each; empty = sound
/// @throws DataError if it cannot be read at all
std::vector<std::string> verify_dump(const std::string& path);

}  // namespace intr
