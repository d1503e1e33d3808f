// SPDX-License-Identifier: Apache-2.0
#include "intr/weights/pth_writer.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"
#include "pickle_writer.h"
#include "zip_writer.h"

namespace intr {
namespace {

/// Folder for what libzip writes before it renames: gone at the end whatever happens.
class ScratchFolder {
 public:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {
    remove();
    std::error_code error;
    if (!std::filesystem::create_directory(path_, error))
      throw_system_error("make the folder", path_, error.value());
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() { remove(); }
  std::string operator/(const char* name) const { return path_ + "/" + name; }

 private:
  void remove() const {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string path_;
};

/// A storage's bytes, and on the way the hashes of the tensors in it.
std::vector<std::byte> hashed_values(const OutputWeights& weights, std::size_t storage,
                                     const std::vector<std::size_t>& tensors,
                                     std::vector<std::uint64_t>& hashes) {
  std::vector<std::byte> bytes = values_of(weights.storages[storage]);
  for (const std::size_t number : tensors) {
    const OutputTensor& tensor = weights.tensors[number];
    hashes[number] = weights.is_whole(tensor)
                         ? xxh3_64(std::span<const std::byte>(bytes))
                         : xxh3_64(std::span<const std::byte>(values_of(weights, tensor, bytes)));
  }
  return bytes;
}

}  // namespace

std::vector<std::uint64_t> write_pth(const std::string& path, const OutputWeights& weights,
                                     const Value& top) {
  std::vector<std::vector<std::size_t>> tensors_of(weights.storages.size());
  for (std::size_t i = 0; i < weights.tensors.size(); ++i)
    tensors_of.at(weights.tensors[i].storage).push_back(i);
  std::vector<std::uint64_t> hashes(weights.tensors.size());
  const ScratchFolder scratch(path + ".d");
  const std::string zip_path = scratch / "archive.zip";
  {
    ZipWriter zip(zip_path);
    zip.add("archive/data.pkl", write_pickle(top, weights));
    zip.add("archive/byteorder", "little");
    for (std::size_t i = 0; i < weights.storages.size(); ++i)
      zip.add(fmt::format("archive/data/{}", i), weights.storages[i].bytes(),
              [&, i] { return hashed_values(weights, i, tensors_of[i], hashes); });
    zip.add("archive/version", "3\n");
    zip.close();
  }
  if (std::rename(zip_path.c_str(), path.c_str()) != 0)
    throw_system_error("rename to " + path, zip_path, errno);
  return hashes;
}

}  // namespace intr
