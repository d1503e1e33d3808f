// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "intr/data/sample_order.h"
#include "intr/image/encode.h"
#include "intr/io/atomic_file.h"
#include "preprocess/image_folder.h"
#include "preprocess/pack_plan.h"
#include "preprocess/packer.h"

namespace intr::test {

/// What make_colored_squares() makes: colored squares on noise, a color for each class.
struct ColoredSquares {
  std::int64_t num_classes = 3;
  std::int64_t train_per_class = 6;
  std::int64_t val_per_class = 3;
  std::uint64_t shard_bytes = 48 * 1024;  ///< small, so that a split has several shards
  std::string first_class = "a";          ///< names are successive letters
  bool one_size = false;                  ///< pictures, else of several
};

inline std::string square_class_name(const ColoredSquares& set, std::int64_t number) {
  return std::string(1, static_cast<char>(set.first_class[0] + number));
}

/// A picture of a class: noise with a square of the class's color somewhere.
inline Image square_picture(std::int64_t label, std::uint64_t number, bool one_size) {
  constexpr std::array<std::array<std::uint8_t, 3>, 6> kColors = {{{230, 30, 30},
                                                                   {30, 220, 40},
                                                                   {40, 50, 235},
                                                                   {230, 220, 30},
                                                                   {220, 40, 220},
                                                                   {30, 220, 220}}};
  const std::uint64_t key = mix64(number * 31 + static_cast<std::uint64_t>(label));
  const auto draw = [&](std::uint64_t place, std::int64_t below) {
    return static_cast<std::int64_t>(mix64(key ^ mix64(place)) % static_cast<std::uint64_t>(below));
  };
  Image image{.size = {.height = 48, .width = 48}, .rgb = {}};
  if (!one_size) image.size = {.height = 48 + 8 * draw(1, 3), .width = 48 + 8 * draw(2, 3)};
  for (std::int64_t i = 0; i < image.size.area() * 3; ++i)
    image.rgb.push_back(
        static_cast<std::uint8_t>(96 + draw(static_cast<std::uint64_t>(100 + i), 64)));
  const std::int64_t side = 20;
  const std::int64_t top = draw(3, image.size.height - side);
  const std::int64_t left = draw(4, image.size.width - side);
  for (std::int64_t y = top; y < top + side; ++y) {
    for (std::int64_t x = left; x < left + side; ++x) {
      for (std::size_t c = 0; c < 3; ++c)
        image.rgb[static_cast<std::size_t>((y * image.size.width + x) * 3) + c] =
            kColors.at(static_cast<std::size_t>(label))[c];
    }
  }
  return image;
}

/// Writes the pictures below `folder`/pictures and packs them into `folder`/set. @return the set
inline std::string make_colored_squares(const std::string& folder,
                                        const ColoredSquares& facts = {}) {
  const std::string root = folder + "/pictures";
  std::uint64_t number = 0;
  for (const std::string split : {"train", "val"}) {
    const std::int64_t per_class = split == "train" ? facts.train_per_class : facts.val_per_class;
    for (std::int64_t label = 0; label < facts.num_classes; ++label) {
      const std::string place = root + "/" + split + "/" + square_class_name(facts, label);
      make_folder(place);
      for (std::int64_t i = 0; i < per_class; ++i) {
        const std::vector<std::byte> png =
            encode_png(square_picture(label, ++number, facts.one_size));
        std::ofstream(place + "/" + std::to_string(i) + ".png", std::ios::binary)
            .write(reinterpret_cast<const char*>(png.data()),
                   static_cast<std::streamsize>(png.size()));
      }
    }
  }
  ImageFolder source(root, {}, HiddenPolicy::kRefuse);
  const PackPlan plan = make_plan(source.scan(), facts.shard_bytes, "{}");
  const std::string set = folder + "/set";
  Packer(source, root, plan, set, {}).run();
  return set;
}

}  // namespace intr::test
