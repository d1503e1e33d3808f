#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the golden files of the image tests: small pictures, and what Pillow makes of them.

    make_golden.py [FOLDER]     FOLDER is golden/ beside this script by default

golden/*.jpg, *.png, …   pictures, whole and broken
golden/decode.json    for each: "error": true, or Pillow's mode, size, orientation and the XXH3-64 of the RGB bytes
golden/resize.json    sizes, and the XXH3-64 of a picture of the formula below after Pillow's bilinear resize

Pillow 13 swaps the two passes of some reductions; what is written here is always the horizontal pass first, made of two
resizes of one axis each. Needs Pillow >= 10.2, numpy and xxhash; made with the versions in "made_by".
"""

import io
import json
import random
import struct
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import xxhash
from PIL import Image, features

ORIENTATION = 0x0112
SIGNATURE = b"\x89PNG\r\n\x1a\n"

# Pillow reads arithmetic coding but does not write it: 16 x 16 pixels, made by jpegtran -arithmetic.
ARITHMETIC = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb0043000503040404030504040405050506070c08070707070f0b0b090c110f1212"
    "110f111113161c1713141a1511111821181a1d1d1f1f1f13172224221e241c1e1f1effdb0043010505050706070e08080e1e1411141e1e"
    "1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1effc90011080010"
    "001003012200021101031101ffcc000a0010100501101105ffda000c03010002110311003f00d2306d3618bc3569945428ee7f1f30395f"
    "93830ddbb293df35ad959371ad8c43994ec8b22d196dd0fc8b6f92c3db1a56ce11d9d7ba96875de60c36757d9489f4d1ffd9"
)


def photo(seed: int, width: int, height: int, channels: int = 3) -> np.ndarray:
    """Smooth shapes with a little noise: [height, width, channels] uint8."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    bands = []
    for _ in range(channels):
        fx, fy, phase = draw.uniform(4, 18), draw.uniform(4, 18), draw.uniform(0, 6)
        bands.append(128 + 55 * np.sin(fx * x / width + phase) + 55 * np.cos(fy * y / height))
    return (np.stack(bands, -1) + draw.normal(0, 5, (height, width, channels))).clip(0, 255).astype(np.uint8)


def image(seed: int, mode: str = "RGB", width: int = 37, height: int = 29) -> Image.Image:
    bands = len(Image.new(mode, (1, 1)).getbands())
    pixels = photo(seed, width, height, bands)
    if bands == 1:
        return Image.fromarray(pixels[..., 0]).convert(mode)
    return Image.merge(mode, [Image.fromarray(pixels[..., k]) for k in range(bands)])


def encode(picture: Image.Image, kind: str, **options) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def jpeg(seed: int, mode: str = "RGB", **options) -> bytes:
    return encode(image(seed, mode), "JPEG", quality=90, **options)


def exif(value: int) -> Image.Exif:
    tags = Image.Exif()
    tags[ORIENTATION] = value
    return tags


def chunk(name: bytes, contents: bytes = b"", crc_error: int = 0) -> bytes:
    crc = zlib.crc32(name + contents) ^ crc_error
    return struct.pack(">I", len(contents)) + name + contents + struct.pack(">I", crc)


def header(width: int, height: int, depth: int, color: int, interlaced: int = 0) -> bytes:
    return SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced))


def png(samples: np.ndarray, color: int, depth: int = 0, interlaced: bool = False, extra: bytes = b"") -> bytes:
    """A PNG without filters. samples: [height, width, channels], uint8 or uint16; depth below 8 packs them."""
    height, width, _ = samples.shape
    depth = depth or 8 * samples.itemsize
    adam7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = b""
    for left, top, across, down in adam7 if interlaced else ((0, 0, 1, 1),):
        part = samples[top::down, left::across]
        if part.size == 0:
            continue
        for row in part:
            if depth < 8:
                bits = np.unpackbits(row.reshape(-1, 1), axis=1)[:, 8 - depth :]
                rows += b"\0" + np.packbits(bits.reshape(-1)).tobytes()
            else:
                rows += b"\0" + row.astype(f">u{depth // 8}").tobytes()
    return header(width, height, depth, color, interlaced) + extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND")


def jpeg_files():
    for number, sampling in enumerate(("4:2:0", "4:2:2", "4:4:4")):
        yield f"baseline_{sampling.replace(':', '')}.jpg", jpeg(number, subsampling=sampling)
    yield "progressive.jpg", jpeg(3, progressive=True)
    yield "arithmetic.jpg", ARITHMETIC
    yield "restart.jpg", jpeg(4, restart_marker_blocks=2)
    yield "gray.jpg", jpeg(5, "L")
    yield "stored_rgb.jpg", jpeg(6, keep_rgb=True)
    yield "cmyk.jpg", jpeg(7, "CMYK")
    ycck = bytearray(jpeg(8, "CMYK"))
    ycck[ycck.index(b"Adobe") + 11] = 2  # the first three planes are said to be Y, Cb and Cr
    yield "ycck.jpg", bytes(ycck)
    yield "exif6.jpg", jpeg(9, exif=exif(6))
    yield "profile.jpg", jpeg(10, icc_profile=bytes(200))
    pictures = [image(11), image(12)]
    yield "multi_picture.jpg", encode(pictures[0], "MPO", save_all=True, append_images=pictures[1:])
    yield "trailing.jpg", jpeg(13) + b"more"
    yield "really_jpeg.png", jpeg(14)
    whole, slow = jpeg(15), jpeg(16, progressive=True)
    yield "cut_half.jpg", whole[: len(whole) // 2]
    yield "cut_progressive.jpg", slow[: len(slow) * 2 // 3]
    yield "cut_header.jpg", whole[:80]
    yield "no_end_marker.jpg", whole[:-2]
    frame = whole.index(b"\xff\xc0")
    yield "twelve_bits.jpg", whole[: frame + 4] + b"\x0c" + whole[frame + 5 :]
    yield "lossless.jpg", whole[: frame + 1] + b"\xc3" + whole[frame + 2 :]
    yield "huge.jpg", whole[: frame + 5] + struct.pack(">HH", 20000, 20000) + whole[frame + 9 :]
    scan = whole.index(b"\xff\xda") + 14
    yield "garbage.jpg", whole[: scan + 100] + bytes(range(1, 41)) + whole[scan + 140 :]


def png_files():
    gray, color = photo(20, 37, 29, 1), photo(21, 37, 29)
    for depth in (1, 2, 4, 8):
        yield f"gray{depth}.png", png(gray >> (8 - depth), 0, depth)
        yield f"gray{depth}_interlaced.png", png(gray >> (8 - depth), 0, depth, interlaced=True)
    palette = chunk(b"PLTE", photo(22, 256, 1).tobytes())
    for depth in (1, 2, 4, 8):
        few = chunk(b"PLTE", photo(22, 2**depth, 1).tobytes())
        yield f"palette{depth}.png", png(gray >> (8 - depth), 3, depth, extra=few)
    short = chunk(b"PLTE", photo(22, 100, 1).tobytes())
    yield "palette_short.png", png(gray, 3, extra=short)
    yield "palette_transparent.png", png(gray, 3, extra=palette + chunk(b"tRNS", bytes(range(256))))
    yield "rgb.png", encode(image(23), "PNG")
    yield "rgb_interlaced.png", png(color, 2, interlaced=True)
    yield "rgb_transparent.png", png(color, 2, extra=chunk(b"tRNS", struct.pack(">HHH", 9, 99, 199)))
    yield "gray_alpha.png", png(photo(24, 37, 29, 2), 4)
    yield "rgba.png", png(photo(25, 37, 29, 4), 6)
    wide = {bands: photo(26 + bands, 21, 17, bands) * np.uint16(256) + photo(40, 21, 17, bands) for bands in range(1, 5)}
    ramp = np.array([[[0], [1], [255], [256], [511], [65535]]], np.uint16)
    yield "gray16_ramp.png", png(ramp, 0)
    yield "gray16_low.png", png(photo(31, 21, 17, 1).astype(np.uint16), 0)
    yield "gray16_interlaced.png", png(wide[1] >> 7, 0, interlaced=True)
    yield "gray_alpha16.png", png(wide[2], 4)
    yield "rgb16.png", png(wide[3], 2)
    yield "rgba16.png", png(wide[4], 6)
    plain = png(color, 2)
    yield "gamma_profile.png", png(color, 2, extra=chunk(b"gAMA", struct.pack(">I", 100000)))
    yield "profile.png", encode(image(32), "PNG", icc_profile=bytes(200))
    yield "exif3.png", encode(image(33), "PNG", exif=exif(3))
    frames = [image(seed) for seed in (34, 35)]
    yield "animated.png", encode(frames[0], "PNG", save_all=True, append_images=frames[1:])
    yield "stray_transparency.png", png(photo(24, 37, 29, 2), 4, extra=chunk(b"tRNS", b"\1\2"))
    yield "unknown_chunk.png", png(color, 2, extra=chunk(b"ABCD", b"critical by its name"))
    yield "no_end.png", plain[:-12]
    yield "trailing.png", plain + b"more"
    yield "really_png.jpg", encode(image(36), "PNG")
    pixels = plain.index(b"IDAT")
    yield "pixel_checksum.png", plain[:-13] + bytes([plain[-13] ^ 1]) + plain[-12:]
    yield "several_pixel_chunks.png", split_pixels(plain)
    yield "header_checksum.png", plain[:29] + bytes([plain[29] ^ 1]) + plain[30:]
    yield "wrong_checksum_before_pixels.png", png(color, 2, extra=chunk(b"gAMA", bytes(4), crc_error=1))
    yield "flipped_bit.png", plain[: pixels + 60] + bytes([plain[pixels + 60] ^ 16]) + plain[pixels + 61 :]
    yield "cut_half.png", plain[: len(plain) // 2]
    yield "short_stream.png", header(37, 29, 8, 2) + chunk(b"IDAT", zlib.compress(bytes(112 * 20))) + chunk(b"IEND")
    yield "zero_width.png", header(0, 29, 8, 2) + plain[33:]
    yield "huge.png", header(20000, 20000, 8, 2) + plain[33:]
    yield "odd_depth.png", header(37, 29, 3, 0) + plain[33:]
    yield "no_pixels.png", header(37, 29, 8, 2) + chunk(b"IEND")
    yield "pixel.png", png(photo(37, 1, 1), 2)


def bmp(bits: int, rows: bytes, width: int = 13, height: int = 7, *, palette: bytes = b"", masks: bytes = b"",
        compression: int = 0, top_down: bool = False, old: bool = False) -> bytes:  # fmt: skip
    """A bitmap with its header written by hand: old is OS/2's of 12 bytes."""
    if old:
        head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        signed = -height if top_down else height
        head = struct.pack("<IiiHHIIiiII", 40, width, signed, 1, bits, compression, len(rows), 2835, 2835, 0, 0)
    start = 14 + len(head) + len(masks) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(rows), 0, 0, start) + head + masks + palette + rows


def bmp_files():
    draw = np.random.default_rng(60)
    yield "rgb.bmp", encode(image(61), "BMP")
    yield "palette.bmp", encode(image(62).quantize(200), "BMP")
    yield "gray.bmp", encode(image(63, "L"), "BMP")
    yield "bits1.bmp", encode(image(64, "1"), "BMP")
    colors = {bits: draw.bytes(4 << bits) for bits in (1, 4, 8)}
    yield "palette1.bmp", bmp(1, draw.bytes(4 * 7), palette=colors[1])
    yield "palette4.bmp", bmp(4, draw.bytes(8 * 7), palette=colors[4], top_down=True)
    yield "old_header.bmp", bmp(4, draw.bytes(8 * 7), palette=draw.bytes(48), old=True)
    yield "bits16.bmp", bmp(16, draw.bytes(28 * 7))
    yield "masks565.bmp", bmp(16, draw.bytes(28 * 7), compression=3, masks=struct.pack("<3I", 0xF800, 0x7E0, 0x1F))
    yield "masks_unknown.bmp", bmp(16, draw.bytes(28 * 7), compression=3, masks=struct.pack("<3I", 0xF, 0xF0, 0xF00))
    yield "bits32.bmp", bmp(32, draw.bytes(52 * 7))
    yield "masks32.bmp", bmp(32, draw.bytes(52 * 7), compression=3, masks=struct.pack("<3I", 0xFF << 24, 0xFF << 16, 0xFF00))
    runs = b"".join(bytes([5, 7 * y, 0, 5, y, 1, 2, 3, 4, 0, 3, y, 0, 0]) for y in range(7)) + b"\0\1"
    yield "runs8.bmp", bmp(8, runs, palette=colors[8], compression=1)
    yield "runs8_cut.bmp", bmp(8, runs[:60], palette=colors[8], compression=1)
    halves = b"".join(bytes([5, 16 * y + 3, 0, 5, y, 0x12, 0x30, 0, 3, 0x4F, 0, 0]) for y in range(6)) + bytes([0, 2, 2, 0, 11, 5, 0, 1])
    yield "runs4.bmp", bmp(4, halves, palette=colors[4], compression=2)
    yield "cut.bmp", encode(image(61), "BMP")[:-200]


def pnm_files():
    gray, color = photo(70, 9, 5, 1), photo(71, 9, 5)
    wide = photo(72, 9, 5, 1).astype(">u2") * 3
    text = lambda samples: " ".join(map(str, samples.ravel().tolist())).encode()
    yield "binary.ppm", b"P6 9 5 255\n" + color.tobytes()
    yield "binary.pgm", b"P5\n# a comment\n9 5\n255\n" + gray.tobytes()
    yield "maximum100.pgm", b"P5 9 5 100\n" + (gray // 3).tobytes()
    yield "maximum1000.ppm", b"P6 9 5 1000\n" + (color.astype(">u2") * 3).tobytes()
    yield "wide.pgm", b"P5 9 5 65535\n" + wide.tobytes()
    yield "wide1000.pgm", b"P5 9 5 1000\n" + wide.tobytes()
    yield "bits.pbm", b"P4 9 5\n" + photo(73, 2, 5, 1).tobytes()
    yield "text.ppm", b"P3 9 5 255\n" + text(color) + b"\n"
    yield "text.pgm", b"P2\n9 # width\n5\n300\n" + text(gray)
    yield "text.pbm", b"P1 9 5\n" + b"\n".join(b"010110101" for _ in range(5))
    yield "text_too_large.pgm", b"P2 9 5 100\n" + text(gray)
    yield "cut.ppm", b"P6 9 5 255\n" + color.tobytes()[:-1]


def tiff_files():
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK"):
        yield f"{mode.lower()}.tif", encode(image(80, mode) if mode != "P" else image(80).quantize(99), "TIFF")
    yield "lzw.tif", encode(image(81), "TIFF", compression="tiff_lzw")
    yield "deflate.tif", encode(image(82, "L"), "TIFF", compression="tiff_adobe_deflate")
    yield "packed.tif", encode(image(83, "RGBA"), "TIFF", compression="packbits")
    yield "fax.tif", encode(image(84, "1"), "TIFF", compression="group4")
    yield "jpeg.tif", encode(image(85), "TIFF", compression="jpeg")
    yield "ycbcr_jpeg.tif", encode(image(86, "YCbCr"), "TIFF", compression="jpeg")
    yield "ycbcr.tif", encode(image(86, "YCbCr"), "TIFF")
    yield "lab.tif", encode(image(87, "LAB"), "TIFF")
    yield "big.tif", encode(image(88), "TIFF", big_tiff=True)
    yield "gray16.tif", encode(Image.fromarray(photo(89, 37, 29, 1)[..., 0] * np.uint16(2)), "TIFF")
    yield "float.tif", encode(Image.fromarray(photo(89, 37, 29, 1)[..., 0].astype(np.float32)), "TIFF")
    for value in (1, 3, 6):
        yield f"orientation{value}.tif", encode(image(90), "TIFF", compression="tiff_lzw", tiffinfo={ORIENTATION: value})
    pages = [image(seed) for seed in (91, 92)]
    yield "pages.tif", encode(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    yield "profile.tif", encode(image(93), "TIFF", icc_profile=bytes(200))
    whole = encode(image(94), "TIFF")
    yield "cut.tif", whole[: len(whole) // 2]
    # The palette stands last: libtiff takes what is left for a grey picture.
    indexed = encode(image(95).quantize(99), "TIFF")
    yield "cut_palette.tif", indexed[: indexed.index(b"II*") + struct.unpack_from("<I", indexed, 4)[0] + 300]
    # Of 3 x 3 pixels, in a tile of 16384 x 10000: width, height, bits, ..., the tile's sides, place and bytes.
    tags = {256: 3, 257: 3, 258: 8, 259: 1, 262: 1, 277: 1, 284: 1, 322: 16384, 323: 10000, 324: 146, 325: 16}
    entries = b"".join(struct.pack("<HHII", tag, 4 if tag >= 322 else 3, 1, value) for tag, value in tags.items())
    yield "huge_tile.tif", b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + bytes(range(16))


def gif_files():
    frames = [image(seed).quantize(60) for seed in (100, 101)]
    yield "plain.gif", encode(frames[0], "GIF", interlace=0)
    yield "interlaced.gif", encode(frames[0], "GIF", interlace=1)
    yield "gray.gif", encode(image(102, "L"), "GIF")
    yield "transparent.gif", encode(frames[1], "GIF", transparency=3)
    yield "animated.gif", encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    larger = bytearray(encode(frames[1], "GIF", transparency=7))
    struct.pack_into("<HH", larger, 6, 41, 33)
    yield "canvas.gif", bytes(larger)
    yield "cut.gif", encode(frames[0], "GIF")[:-300]


def webp_files():
    yield "lossy.webp", encode(image(110), "WEBP", quality=80)
    yield "lossless.webp", encode(image(111), "WEBP", lossless=True)
    yield "hidden_colors.webp", encode(image(112, "RGBA"), "WEBP", lossless=True, exact=True)
    yield "lossy_alpha.webp", encode(image(113, "RGBA"), "WEBP", quality=70)
    frames = [image(seed) for seed in (114, 115)]
    yield "animated.webp", encode(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    yield "exif6.webp", encode(image(116), "WEBP", exif=exif(6))
    yield "profile.webp", encode(image(117), "WEBP", icc_profile=bytes(200))
    yield "cut.webp", encode(image(110), "WEBP")[:-40]


def split_pixels(data: bytes) -> bytes:
    """The same pixels in several chunks, one of them empty."""
    start, end = data.index(b"IDAT") + 4, len(data) - 16
    stream = data[start:end]
    parts = (stream[:1], b"", stream[1:100], stream[100:])
    return data[: start - 8] + b"".join(chunk(b"IDAT", part) for part in parts) + chunk(b"IEND")


# Pillow leaves the missing rows of the first black without a word; here a stream that ends early is an error. The others are
# TIFF files of kinds that are refused by name.
REFUSED_HERE = ("short_stream.png", "ycbcr.tif", "lab.tif", "float.tif")


def digest(picture: Image.Image) -> str:
    return xxhash.xxh3_64_hexdigest(picture.tobytes())


def outcome(path: Path) -> dict:
    if path.name in REFUSED_HERE:
        return {"error": True}
    try:
        with Image.open(path) as source:
            orientation = source.getexif().get(ORIENTATION, 0)
            mode, rgb = source.mode, source.convert("RGB")
    except Exception:
        return {"error": True}
    return {"mode": mode, "width": rgb.width, "height": rgb.height, "orientation": orientation, "rgb": digest(rgb)}


def pattern(width: int, height: int) -> Image.Image:
    """The tests make the same picture: every byte from its place alone."""
    i = np.arange(width * height * 3, dtype=np.uint64)
    bytes_ = (i * np.uint64(2654435761) + (i * i >> np.uint64(3))) >> np.uint64(11) & np.uint64(255)
    return Image.fromarray(bytes_.astype(np.uint8).reshape(height, width, 3))


def resized(picture: Image.Image, width: int, height: int) -> Image.Image:
    if width != picture.width:
        picture = picture.resize((width, picture.height), Image.Resampling.BILINEAR)
    if height != picture.height:
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    return picture


def resize_cases():
    draw = random.Random(20240501)
    cases = [(53, 37, 1145, 800), (500, 375, 1066, 800), (28, 28, 96, 96), (1, 1, 7, 5), (1, 300, 3, 800)]
    cases += [(300, 1, 800, 3), (64, 64, 64, 31), (64, 64, 31, 64), (40, 90, 30, 45), (700, 281, 12, 9), (9, 9, 1, 1)]
    while len(cases) < 400:
        cases.append(tuple(draw.choice((1, 2, 3, draw.randint(4, 40), draw.randint(4, 120))) for _ in range(4)))
    return cases


def main() -> None:
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "golden"
    folder.mkdir(exist_ok=True)
    made_by = {"Pillow": Image.__version__, "libjpeg_turbo": features.version("libjpeg_turbo")}
    pictures = {}
    every = (jpeg_files, png_files, bmp_files, pnm_files, tiff_files, gif_files, webp_files)
    for name, data in (item for files in every for item in files()):
        (folder / name).write_bytes(data)
        pictures[name] = outcome(folder / name)
    rows = ",\n".join(f'  "{name}": {json.dumps(result)}' for name, result in pictures.items())
    (folder / "decode.json").write_text(f'{{"made_by": {json.dumps(made_by)},\n "pictures": {{\n{rows}\n }}}}\n')
    results = [[*case, digest(resized(pattern(case[0], case[1]), case[2], case[3]))] for case in resize_cases()]
    rows = ",\n".join(f"  {json.dumps(row)}" for row in results)
    (folder / "resize.json").write_text(
        f'{{"made_by": {json.dumps(made_by)},\n "width, height, new width, new height, rgb": [\n{rows}\n ]}}\n'
    )


if __name__ == "__main__":
    main()
