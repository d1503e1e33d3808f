// SPDX-License-Identifier: Apache-2.0
#include "intr/core/sha256.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>
#include <vector>

#include "intr/core/error.h"

namespace intr {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

/// OpenSSL fails here only if it was built or set up without SHA-256.
void check(int result) {
  if (result == 1) return;
  throw EnvironmentError("OpenSSL does not compute SHA-256", "libcrypto",
                         "check its configuration (openssl.cnf, OPENSSL_CONF)");
}

Context make_context() {
  Context context(EVP_MD_CTX_new());
  if (context == nullptr) throw std::bad_alloc();
  return context;
}

/// A file open for reading from its beginning to its end.
class Stream {
 public:
  explicit Stream(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), path_(path) {
    if (fd_ < 0) throw_system_error("open", path, errno);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { ::close(fd_); }
  void require_regular() const {
    struct stat facts = {};
    if (::fstat(fd_, &facts) != 0) throw_system_error("look at", path_, errno);
    if (!S_ISREG(facts.st_mode)) throw DataError("is no regular file", path_);
  }
  /// @return 0 at the end
  std::size_t read(std::span<std::byte> out) const {
    while (true) {
      const ssize_t got = ::read(fd_, out.data(), out.size());
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) throw_system_error("read", path_, errno);
    }
  }

 private:
  int fd_;
  std::string path_;
};

}  // namespace

struct Sha256::State {
  Context context = make_context();
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  check(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr));
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

Sha256& Sha256::add(std::span<const std::byte> bytes) {
  check(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
  return *this;
}

std::string Sha256::hex() const {
  const Context copy = make_context();  // finishing ends a context
  check(EVP_MD_CTX_copy_ex(copy.get(), state_->context.get()));
  std::array<unsigned char, 32> digest{};
  check(EVP_DigestFinal_ex(copy.get(), digest.data(), nullptr));
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

std::string sha256_file(const std::string& path) {
  const Stream file(path);
  file.require_regular();
  Sha256 hash;
  std::vector<std::byte> block(1 << 20);
  while (const std::size_t got = file.read(block)) hash.add(std::span(block).first(got));
  return hash.hex();
}

}  // namespace intr
