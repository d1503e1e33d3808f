// SPDX-License-Identifier: Apache-2.0
#include "intr/core/hash.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <new>
#include <vector>

#include "intr/core/error.h"

namespace intr {

struct Hash128::State {
  XXH3_state_t* handle = XXH3_createState();
  State() {
    if (handle == nullptr) throw std::bad_alloc();
    XXH3_128bits_reset(handle);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { XXH3_freeState(handle); }
};

std::uint64_t xxh3_64(std::span<const std::byte> bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size());
}
std::uint64_t xxh3_64(std::string_view text) noexcept {
  return XXH3_64bits(text.data(), text.size());
}

struct Hash64::State {
  XXH3_state_t* handle = XXH3_createState();
  State() {
    if (handle == nullptr) throw std::bad_alloc();
    XXH3_64bits_reset(handle);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { XXH3_freeState(handle); }
};

Hash64::Hash64() : state_(std::make_unique<State>()) {}
Hash64::Hash64(Hash64&&) noexcept = default;
Hash64& Hash64::operator=(Hash64&&) noexcept = default;
Hash64::~Hash64() = default;

void Hash64::add(std::span<const std::byte> bytes) {
  XXH3_64bits_update(state_->handle, bytes.data(), bytes.size());
}

std::uint64_t Hash64::take() {
  const std::uint64_t hash = XXH3_64bits_digest(state_->handle);
  XXH3_64bits_reset(state_->handle);
  return hash;
}

Hash128::Hash128() : state_(std::make_unique<State>()) {}
Hash128::Hash128(Hash128&&) noexcept = default;
Hash128& Hash128::operator=(Hash128&&) noexcept = default;
Hash128::~Hash128() = default;

Hash128& Hash128::add(std::span<const std::byte> bytes) {
  XXH3_128bits_update(state_->handle, bytes.data(), bytes.size());
  return *this;
}

Hash128& Hash128::add(std::string_view text) {
  add(static_cast<std::uint64_t>(text.size()));
  return add(std::as_bytes(std::span(text.data(), text.size())));
}

Hash128& Hash128::add(std::uint64_t number) { return add(std::as_bytes(std::span(&number, 1))); }

std::string Hash128::hex() const {
  const XXH128_hash_t digest = XXH3_128bits_digest(state_->handle);
  return fmt::format("{:016x}{:016x}", digest.high64, digest.low64);
}

std::string hash_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw_system_error("open", path, errno);
  Hash128 hash;
  std::vector<std::byte> block(1 << 20);
  while (true) {
    const ssize_t got = ::read(file, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error_number = errno;
      ::close(file);
      throw_system_error("read", path, error_number);
    }
    if (got == 0) break;
    hash.add(std::span(block).first(static_cast<std::size_t>(got)));
  }
  ::close(file);
  return hash.hex();
}

}  // namespace intr
