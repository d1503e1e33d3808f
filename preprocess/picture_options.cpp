// SPDX-License-Identifier: Apache-2.0
#include "preprocess/picture_options.h"

#include "intr/core/byte_size.h"
#include "intr/core/error.h"

namespace intr {
namespace {

Reencoding reencoding(const PictureOptions& o) {
  return {.max_side = o.max_side,
          .store_png = o.store == "png",
          .quality = static_cast<int>(o.quality),
          .transcode = parse_transcode(o.transcode)};
}

}  // namespace

void describe(PictureOptions& o, OptionSet& set) {
  set.group("Pictures")
      .add("max-side", o.max_side, "reduce pictures with a longer side to it; 0 = keep all bytes")
      .add("store", o.store, "what reduced pictures become: jpeg (4:4:4) or png")
      .add("quality", o.quality, "of the JPEG that reduced pictures become, 1 to 100")
      .add("transcode", o.transcode,
           "rewrite these as PNG of equal pixels: tiff,bmp,gif,pnm=png or fewer of them")
      .add("exif", o.exif,
           "what loading does with an EXIF orientation: ignore (as the reference) "
           "or apply")
      .add("gray16", o.gray16,
           "what loading does with 16-bit grey: clip at 255 (as the reference) "
           "or scale")
      .add("max-pixels", o.max_pixels, "pictures of more pixels are bad")
      .add("max-file", o.max_file, "larger files are bad");
}

void validate(const PictureOptions& o, const OptionSet& set) {
  require_range("max-side", o.max_side, 0, 1 << 20);
  require_choice("store", o.store, {"jpeg", "png"});
  require_range("quality", o.quality, 1, 100);
  require_choice("exif", o.exif, {"ignore", "apply"});
  require_choice("gray16", o.gray16, {"clip", "scale"});
  require_range("max-pixels", o.max_pixels, 1, std::int64_t{1} << 40);
  parse_bytes("max-file", o.max_file);
  parse_transcode(o.transcode);
  for (const char* flag : {"store", "quality"}) {
    if (set.given(flag) && o.max_side == 0)
      throw UsageError("says how reduced pictures are stored, but none is reduced",
                       std::string("--") + flag, "give --max-side, too");
  }
  if (set.given("quality") && o.store == "png")
    throw UsageError("PNG has no quality", "--quality", "leave it out, or give --store jpeg");
}

void apply(const PictureOptions& o, CheckOptions& check) {
  check.policy = {.apply_exif = o.exif == "apply",
                  .scale_gray16 = o.gray16 == "scale",
                  .max_pixels = o.max_pixels};
  check.max_file = parse_bytes("max-file", o.max_file);
  check.reencoding = reencoding(o);
}

nlohmann::ordered_json byte_options(const PictureOptions& o, const std::string& stored_as) {
  nlohmann::ordered_json options = {{"store", stored_as}, {"exif", o.exif}, {"gray16", o.gray16}};
  reencoding(o).add_to(options);
  return options;
}

}  // namespace intr
