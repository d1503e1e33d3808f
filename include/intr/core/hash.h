// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace intr {

/// XXH3-64 of bytes: the checksum of every stored record.
std::uint64_t xxh3_64(std::span<const std::byte> bytes) noexcept;
std::uint64_t xxh3_64(std::string_view text) noexcept;

/// XXH3-64, fed piece by piece: the same number as xxh3_64 over all of them. Move-only.
class Hash64 {
 public:
  Hash64();
  Hash64(Hash64&&) noexcept;
  Hash64& operator=(Hash64&&) noexcept;
  ~Hash64();

  void add(std::span<const std::byte> bytes);
  /// The hash of what was added since the last call; starts anew.
  std::uint64_t take();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// XXH3-128, fed piece by piece; identifies files, data sets, plans and models. Move-only.
class Hash128 {
 public:
  Hash128();
  Hash128(Hash128&&) noexcept;
  Hash128& operator=(Hash128&&) noexcept;
  ~Hash128();

  Hash128& add(std::span<const std::byte> bytes);
  /// Adds the length and then the characters, so that neighboring texts cannot run together.
  Hash128& add(std::string_view text);
  Hash128& add(std::uint64_t number);
  /// 32 hexadecimal digits. More may be added afterwards.
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// XXH3-128 of a whole file, 32 hexadecimal digits.
std::string hash_file(const std::string& path);

}  // namespace intr
