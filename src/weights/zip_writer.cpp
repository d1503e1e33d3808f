// SPDX-License-Identifier: Apache-2.0
#include "zip_writer.h"

#include <zip.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"

namespace intr {
namespace {

constexpr std::uint64_t kAlignment = 64;
constexpr std::uint64_t kLocalHeader = 30;
constexpr std::uint64_t kFieldHeader = 4;
constexpr zip_uint16_t kPadding = 0x4246;       ///< "FB", as torch names it
constexpr zip_uint16_t kFirstDay = 1 << 5 | 1;  ///< 1980-01-01, the first that the format knows
constexpr zip_uint32_t kAttributes = 0100644u << 16;

}  // namespace

/// What libzip reads an entry from.
struct ZipWriter::Entry {
  ZipWriter* writer = nullptr;
  std::uint64_t bytes = 0;
  std::function<std::vector<std::byte>()> payload;
  std::vector<std::byte> memory = {};
  std::size_t read = 0;
  zip_error_t error = {};

  /// Calls go through C, so nothing may be thrown here.
  static zip_int64_t serve(void* entry, void* data, zip_uint64_t length, zip_source_cmd_t command) {
    return static_cast<Entry*>(entry)->serve(data, length, command);
  }
  zip_int64_t serve(void* data, zip_uint64_t length, zip_source_cmd_t command) noexcept {
    switch (command) {
      case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                              ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
                                              -1);
      case ZIP_SOURCE_OPEN:
        return open();
      case ZIP_SOURCE_READ: {
        const std::size_t count = std::min<std::size_t>(length, memory.size() - read);
        if (count > 0) std::memcpy(data, &memory[read], count);
        read += count;
        return static_cast<zip_int64_t>(count);
      }
      case ZIP_SOURCE_CLOSE:
        memory = {};
        return 0;
      case ZIP_SOURCE_STAT: {
        auto* stat = static_cast<zip_stat_t*>(data);
        zip_stat_init(stat);
        stat->size = bytes;
        stat->valid = ZIP_STAT_SIZE;
        return sizeof(zip_stat_t);
      }
      case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&error, data, length);
      case ZIP_SOURCE_FREE:
        delete this;
        return 0;
      default:
        zip_error_set(&error, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
  }

 private:
  zip_int64_t open() noexcept {
    try {
      memory = payload();
      read = 0;
      if (memory.size() != bytes)
        throw InternalError("a zip entry of another length than announced");
      return 0;
    } catch (...) {
      writer->thrown_ = std::current_exception();
      zip_error_set(&error, ZIP_ER_INTERNAL, 0);
      return -1;
    }
  }
};

ZipWriter::ZipWriter(std::string path) : path_(std::move(path)) {
  int code = 0;
  archive_ = zip_open(path_.c_str(), ZIP_CREATE | ZIP_EXCL, &code);
  if (archive_ != nullptr) return;
  const int error_number = errno;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  if (code == ZIP_ER_OPEN) throw_system_error("create", path_, error_number);
  throw EnvironmentError("cannot create: " + text, path_, "check the path and its permissions");
}

ZipWriter::~ZipWriter() {
  if (archive_ != nullptr) zip_discard(archive_);
}

void ZipWriter::fail(const char* action) const {
  const zip_error_t* error = zip_get_error(archive_);
  if (zip_error_system_type(error) == ZIP_ET_SYS)
    throw_system_error(action, path_, zip_error_code_system(error));
  // Not const by its declaration; it only keeps the text that it makes.
  throw EnvironmentError(std::string("cannot ") + action + ": " + zip_strerror(archive_), path_,
                         "check the file system and its room");
}

void ZipWriter::add(const std::string& name, std::uint64_t bytes,
                    std::function<std::vector<std::byte>()> payload) {
  auto entry = std::make_unique<Entry>();
  entry->writer = this;
  entry->bytes = bytes;
  entry->payload = std::move(payload);
  zip_error_init(&entry->error);
  zip_source_t* source = zip_source_function(archive_, &Entry::serve, entry.get());
  if (source == nullptr) fail("write");
  static_cast<void>(entry.release());  // ZIP_SOURCE_FREE deletes it
  const zip_int64_t added = zip_file_add(archive_, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (added < 0) {
    zip_source_free(source);
    fail("write");
  }
  const auto index = static_cast<zip_uint64_t>(added);
  if (zip_set_file_compression(archive_, index, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(archive_, index, 0, kFirstDay, 0) != 0 ||
      zip_file_set_external_attributes(archive_, index, 0, ZIP_OPSYS_UNIX, kAttributes) != 0)
    fail("write");
  align(index, name, bytes);
}

void ZipWriter::add(const std::string& name, std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  add(name, text.size(),
      [copy = std::vector<std::byte>(bytes.begin(), bytes.end())] { return copy; });
}

void ZipWriter::align(std::uint64_t index, const std::string& name, std::uint64_t bytes) {
  const std::uint64_t unpadded = offset_ + kLocalHeader + name.size() + kFieldHeader;
  const std::uint64_t padding = (kAlignment - unpadded % kAlignment) % kAlignment;
  const std::vector<zip_uint8_t> field(padding, 'Z');
  if (zip_file_extra_field_set(archive_, index, kPadding, ZIP_EXTRA_FIELD_NEW, field.data(),
                               static_cast<zip_uint16_t>(padding), ZIP_FL_LOCAL) != 0)
    fail("write");
  offset_ = unpadded + padding + bytes;
}

void ZipWriter::close() {
  if (zip_close(archive_) == 0) {
    archive_ = nullptr;
    return;
  }
  if (thrown_) std::rethrow_exception(thrown_);
  fail("write");
}

}  // namespace intr
