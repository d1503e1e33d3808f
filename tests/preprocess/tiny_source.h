// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "intr/image/encode.h"
#include "intr/io/atomic_file.h"
#include "support/tiny_data_set.h"

namespace intr::test {

/// Writes any file, making its folders.
inline void put(const std::string& path, const std::string& contents) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  write_file(path, contents);
}

/// Bytes of files, by their paths below a folder.
using Files = std::map<std::string, std::string>;

/// Every file below a folder; none if it is missing.
inline Files contents(const std::string& folder) {
  Files files;
  if (!std::filesystem::exists(folder)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      files[entry.path().lexically_relative(folder).string()] = read_file(entry.path().string());
  return files;
}

inline std::string text_of(const std::vector<std::byte>& bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// A small JPEG or PNG picture, different for each number.
inline std::string jpeg(std::int64_t number, ImageSize size = {24, 32}) {
  return text_of(encode_jpeg(tiny_picture(size, number, number), 90));
}
inline std::string png(std::int64_t number, ImageSize size = {24, 32}) {
  return text_of(encode_png(tiny_picture(size, number, number)));
}

/// train and val with classes a and b: three and two pictures each.
inline void make_tiny_source(const std::string& root) {
  std::int64_t number = 0;
  for (const char* split : {"train", "val"})
    for (const char* name : {"a", "b"})
      for (int i = 0; i < (std::string(split) == "train" ? 3 : 2); ++i, ++number)
        put(root + "/" + split + "/" + name + "/" + std::to_string(i) +
                (i % 2 == 0 ? ".jpg" : ".png"),
            i % 2 == 0 ? jpeg(number) : png(number));
}

}  // namespace intr::test
