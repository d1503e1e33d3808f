// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "tiny_source.h"

namespace intr::test {

/// Two classes, five pictures in an order of their own, boxes and two parts, in the layout of
/// CUB-200-2011.
inline void make_tiny_cub(const std::string& root) {
  put(root + "/classes.txt", "1 001.Crow\n2 002.Finch\n");
  put(root + "/images.txt",
      "1 001.Crow/a.jpg\n2 001.Crow/b.jpg\n3 002.Finch/10.jpg\n4 002.Finch/2.jpg\n5 "
      "001.Crow/B.jpg\n");
  put(root + "/image_class_labels.txt", "1 1\n2 1\n3 2\n4 2\n5 1\n");
  put(root + "/train_test_split.txt", "1 1\n2 0\n3 1\n4 0\n5 1\n");
  put(root + "/bounding_boxes.txt",
      "1 1.5 2.0 10.0 12.0\n2 0.0 0.0 32.0 24.0\n3 1.0 1.0 5.0 5.0\n4 2.0 2.0 3.0 3.0\n5 0.0 0.0 "
      "99.0 9.0\n");
  put(root + "/parts/parts.txt", "1 left wing\n2 beak\n");
  std::string places;
  for (int id = 1; id <= 5; ++id)
    places += std::to_string(id) + " 1 3.0 4.5 1\n" + std::to_string(id) + " 2 0.0 0.0 0\n";
  put(root + "/parts/part_locs.txt", places);
  int number = 0;
  for (const char* path : {"001.Crow/a.jpg", "001.Crow/b.jpg", "002.Finch/10.jpg",
                           "002.Finch/2.jpg", "001.Crow/B.jpg"})
    put(root + "/images/" + path, jpeg(number++));
}

/// The same pictures as an image folder.
inline void make_folder_of_tiny_cub(const std::string& cub, const std::string& folder) {
  const auto copy = [&](const std::string& split, const std::string& path) {
    const std::filesystem::path target = folder + "/" + split + "/" + path;
    std::filesystem::create_directories(target.parent_path());
    std::filesystem::copy_file(cub + "/images/" + path, target);
  };
  for (const char* path : {"001.Crow/a.jpg", "001.Crow/B.jpg", "002.Finch/10.jpg"})
    copy("train", path);
  for (const char* path : {"001.Crow/b.jpg", "002.Finch/2.jpg"}) copy("val", path);
}

}  // namespace intr::test
