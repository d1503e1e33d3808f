// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>

#include "codecs.h"
#include "intr/image/exif.h"

namespace intr {
namespace {

constexpr const char* kKind = "WebP";

struct DeleteDemuxer {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
struct DeleteDecoder {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

WebPData data_of(const EncodedPicture& picture) {
  return {reinterpret_cast<const std::uint8_t*>(picture.bytes.data()), picture.bytes.size()};
}

/// EXIF data with or without the words that JPEG puts before them.
std::uint8_t orientation_of(const WebPDemuxer* demuxer) {
  using namespace std::string_view_literals;
  WebPChunkIterator chunk;
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk) == 0) return 0;
  std::span<const std::byte> exif(reinterpret_cast<const std::byte*>(chunk.chunk.bytes),
                                  chunk.chunk.size);
  constexpr std::string_view kWords = "Exif\0\0"sv;
  if (exif.size() >= kWords.size() && std::memcmp(exif.data(), kWords.data(), kWords.size()) == 0)
    exif = exif.subspan(kWords.size());
  const std::uint8_t orientation = exif_orientation(exif);
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

}  // namespace

ImageFacts probe_webp(const EncodedPicture& picture) {
  const WebPData data = data_of(picture);
  WebPBitstreamFeatures features;
  const VP8StatusCode status = WebPGetFeatures(data.bytes, data.size, &features);
  if (status != VP8_STATUS_OK)
    refuse_picture(picture, kKind,
                   fmt::format("its header cannot be read (status {})", static_cast<int>(status)));
  const std::unique_ptr<WebPDemuxer, DeleteDemuxer> demuxer(WebPDemux(&data));
  if (demuxer == nullptr) refuse_picture(picture, kKind, "the bytes end before the picture does");
  ImageFacts facts{
      .codec = Codec::kWebp,
      .mode = features.has_alpha != 0 ? PixelMode::kRGBA : PixelMode::kRGB,
      .size = {static_cast<std::int64_t>(WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT)),
               static_cast<std::int64_t>(WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH))},
      .orientation = orientation_of(demuxer.get())};
  check_pixel_limit(facts.size, picture.where, picture.policy.max_pixels);
  const std::uint32_t parts = WebPDemuxGetI(demuxer.get(), WEBP_FF_FORMAT_FLAGS);
  if (features.has_alpha != 0) facts.flags |= kAlphaDropped;
  if ((parts & ICCP_FLAG) != 0) facts.flags |= kIcc;
  if (WebPDemuxGetI(demuxer.get(), WEBP_FF_FRAME_COUNT) > 1) facts.flags |= kAnimated;
  return facts;
}

void decode_webp(const EncodedPicture& picture, Image& image, ImageFacts& facts) {
  facts = probe_webp(picture);
  WebPAnimDecoderOptions options;
  WebPAnimDecoderOptionsInit(&options);
  options.color_mode = MODE_RGBA;
  const WebPData data = data_of(picture);
  const std::unique_ptr<WebPAnimDecoder, DeleteDecoder> decoder(
      WebPAnimDecoderNew(&data, &options));
  std::uint8_t* canvas = nullptr;  // [height, width, 4], the decoder's own
  int time_ms = 0;
  if (decoder == nullptr || WebPAnimDecoderGetNext(decoder.get(), &canvas, &time_ms) == 0)
    refuse_picture(picture, kKind, "its pixels cannot be decoded");
  set_size(image, facts.size);
  std::uint8_t* rgb = image.rgb.data();
  for (std::int64_t i = 0; i < facts.size.area(); ++i, canvas += 4)
    rgb = std::copy_n(canvas, 3, rgb);
}

}  // namespace intr
