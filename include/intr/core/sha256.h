// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace intr {

/// SHA-256 (FIPS 180-4), fed piece by piece: what published files are known by. Move-only.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  Sha256& add(std::span<const std::byte> bytes);
  /// 64 hexadecimal digits in lower case. More may be added afterwards.
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 of a whole file, 64 hexadecimal digits. Reads a piece at a time.
/// @throws DataError if it is missing or no regular file, EnvironmentError if it cannot be read
std::string sha256_file(const std::string& path);

}  // namespace intr
