// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>
#include <zip.h>

#include <cerrno>
#include <memory>

#include "file_advice.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "zip_layout.h"

namespace intr {
namespace {

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};

std::string reason(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

/// libzip over a second descriptor of the same open file.
std::unique_ptr<zip_t, Discard> open_archive(const InputFile& file) {
  const int descriptor = ::dup(file.descriptor());
  if (descriptor < 0) throw_system_error("use", file.path(), errno);
  int code = 0;
  std::unique_ptr<zip_t, Discard> archive(zip_fdopen(descriptor, ZIP_CHECKCONS, &code));
  if (archive) return archive;  // owns the descriptor now
  ::close(descriptor);
  throw DataError(fmt::format("libzip refuses it: {}", reason(code)), file.path(), kDamaged);
}

bool agrees(const zip_stat_t& stat, const ZipEntry& entry) {
  return entry.name == stat.name && entry.bytes == stat.size && entry.bytes == stat.comp_size &&
         entry.crc == stat.crc && stat.comp_method == ZIP_CM_STORE &&
         stat.encryption_method == ZIP_EM_NONE;
}

}  // namespace

void check_with_libzip(const InputFile& file, const std::vector<ZipEntry>& entries) {
  const auto archive = open_archive(file);
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  if (count != static_cast<zip_int64_t>(entries.size()))
    throw DataError(fmt::format("libzip finds {} entries, {} are there", count, entries.size()),
                    file.path(), kDamaged);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(archive.get(), i, ZIP_FL_ENC_RAW, &stat) != 0 || !agrees(stat, entries[i]))
      throw DataError(fmt::format("libzip sees another entry {} than \"{}\"", i,
                                  printable(entries[i].name.substr(0, 120))),
                      file.path(), kDamaged);
  }
}

}  // namespace intr
