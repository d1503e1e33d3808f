// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/photo_source.h"

#include <gtest/gtest.h>

#include "attention/drawing_dump.h"
#include "intr/core/error.h"

namespace intr {
namespace {

TEST(PhotoSource, FolderWithTheRightPictures) {
  const test::DrawingDump dump;
  const MapReader reader = dump.open();
  const PhotoSource photos({.images = dump.images()}, reader.facts());
  const DumpSample& sample = reader.sample(1);
  EXPECT_EQ(decode_photo(photos.read(sample), sample, false).rgb,
            test::DrawingDump::picture(sample).rgb);
}

TEST(PhotoSource, AnotherPictureIsRefusedUnlessAllowed) {
  const test::DrawingDump dump;
  const MapReader reader = dump.open();
  DumpSample sample = reader.sample(1);
  sample.image_hash ^= 1;
  EXPECT_THROW(PhotoSource({.images = dump.images()}, reader.facts()).read(sample), DataError);
  const PhotoSource lenient({.images = dump.images(), .any_image = true}, reader.facts());
  const auto bytes = lenient.read(sample);
  sample.source_size.width += 1;
  EXPECT_THROW(decode_photo(bytes, sample, false), DataError);
  EXPECT_NO_THROW(decode_photo(bytes, sample, true));
}

TEST(PhotoSource, MissingPicturesAndPathsThatLeadOut) {
  const test::DrawingDump dump;
  const MapReader reader = dump.open();
  const PhotoSource photos({.images = dump.images()}, reader.facts());
  DumpSample sample = reader.sample(0);
  for (const char* path :
       {"../images/ant/picture 0.jpg", "/etc/passwd", "", "ant/../../x", "ant/no.jpg"}) {
    sample.path = path;
    EXPECT_THROW(photos.read(sample), DataError) << path;
  }
}

TEST(PhotoSource, ExactlyOneSource) {
  const test::DrawingDump dump;
  const MapReader reader = dump.open();
  EXPECT_THROW(PhotoSource({}, reader.facts()), UsageError);
  EXPECT_THROW(PhotoSource({.data = "a", .images = "b"}, reader.facts()), UsageError);
  EXPECT_THROW(PhotoSource({.data = dump.images()}, reader.facts()), DataError);
}

}  // namespace
}  // namespace intr
