// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace intr {

/// What a random number is for: the first counter word of every draw. On disk (results depend on
/// it): never renumber.
enum class Purpose : std::uint64_t {
  kAugmentation = 1,
  kInitialization = 2,
  kDropout = 3,
  kQueryNoise = 4,
  kCalibration = 5,
  kSelection = 6,
  kVerification = 7,
  kBootstrap = 8,      ///< epoch = replicate, sample = draw
  kCellOrder = 9,      ///< epoch = which order, sample = sample id, draw = exchange
  kScoreSamples = 10,  ///< epoch = 0, sample = sample id, draw = 0
  kScoreWeights = 11,  ///< the seed of a randomized network: epoch, sample, draw = 0
};

/// Philox4x64-10 (Salmon et al., SC 2011, "Parallel random numbers: as easy as 1, 2, 3").
/// Every random number of this project is a pure function of a key and a counter; no generator has
/// a state.
std::array<std::uint64_t, 4> philox4x64(std::array<std::uint64_t, 4> counter,
                                        std::array<std::uint64_t, 2> key) noexcept;

/// The 64-bit draw of (seed, purpose, epoch, sample or tensor, draw number): word 0 of the block.
std::uint64_t draw_bits(std::uint64_t seed, Purpose purpose, std::uint64_t epoch,
                        std::uint64_t sample, std::uint64_t draw) noexcept;
/// Uniform in [0, 1) with 53 bits.
double unit_from_bits(std::uint64_t bits) noexcept;
/// Uniform integer in [0, n): the high word of bits * n.
std::uint64_t below_from_bits(std::uint64_t bits, std::uint64_t n) noexcept;

}  // namespace intr
