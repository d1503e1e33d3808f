#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes step_vectors.txt: what the augmentation decides for pictures, and what steps hold, from their definitions.

Independent of the C++ code; shares the order and the draws with order_vectors.py. Run:
python3 step_vectors.py > step_vectors.txt
Lines: "plan SIZE SEED EPOCH SAMPLE WIDTH HEIGHT : flip crop first_w first_h left top crop_w crop_h final_w final_h" for
the transform train:SIZE (zeros where nothing is cropped), and "steps ORDER N G W LAST SEED EPOCH : ids,ids|ids,…" for N
pictures of sizes (20 + 7 i mod 31) x (20 + 11 i mod 37) in 3 shards of equal parts, transform train:64.
"""
from order_vectors import draw, perm

SIDES = range(480, 801, 32)


def scaled(length, size):
    return (2 * length * size + 800) // 1600


def resized(width, height, short, longest):
    low, high = min(width, height), max(width, height)
    if longest and high / low * short > longest:
        short = round(longest * low / high)  # half to even
    if low == short:
        return width, height
    return (short, short * high // low) if width < height else (short * high // low, short)


def plan(size, seed, epoch, sample, width, height):
    def bits(number):
        return draw(seed, epoch, sample, number)

    def below(number, n):
        return bits(number) * n >> 64

    def half(number):
        return (bits(number) >> 11) * 2.0**-53 < 0.5

    def between(number, low, high):
        return low + below(number, high - low + 1)

    flip = half(0)
    short, longest = scaled(SIDES[below(2, 11)], size), scaled(1333, size)
    if half(1):
        return [int(flip), 0, 0, 0, 0, 0, 0, 0, *resized(width, height, short, longest)]
    first = resized(width, height, scaled((400, 500, 600)[below(3, 3)], size), 0)
    low, high = scaled(384, size), scaled(600, size)
    crop = [between(4, low, min(first[0], high)), between(5, low, min(first[1], high))]
    left, top = between(6, 0, first[0] - crop[0]), between(7, 0, first[1] - crop[1])
    return [int(flip), 1, *first, left, top, *crop, *resized(*crop, short, longest)]


def picture(i):
    return 20 + 7 * i % 31, 20 + 11 * i % 37


def rows(order, n, seed, epoch):
    if order == "sequential":
        return list(range(n))
    if order == "shuffle":
        return [perm(p, n, seed, epoch, 0) for p in range(n)]
    together = int(order.split(":")[1])
    shards = [list(range(s * n // 3, (s + 1) * n // 3)) for s in (perm(p, 3, seed, epoch, 1) for p in range(3))]
    result = []
    for window in range(0, 3, together):
        inside = sum(shards[window:window + together], [])
        stream = (2 << 32) + window // together
        result += [inside[perm(p, len(inside), seed, epoch, stream)] for p in range(len(inside))]
    return result


def steps(order, n, batch, window, last, seed, epoch):
    positions = rows(order, n, seed, epoch)
    if last == "drop":
        positions = positions[:n // batch * batch]
    result = []
    for k in range(0, len(positions), window * batch):
        samples = positions[k:k + window * batch]
        if window > 1:
            def key(sample):
                width, height = plan(64, seed, epoch, sample, *picture(sample))[-2:]
                return (40 * width + height) // (2 * height), width * height, sample
            samples = sorted(samples, key=key)
        runs = [samples[i:i + batch] for i in range(0, len(samples), batch)]
        full = len(samples) // batch
        if window > 1 and full:
            stream = (3 << 32) + k // (window * batch)
            runs = [runs[perm(j, full, seed, epoch, stream)] for j in range(full)] + runs[full:]
        result += runs
    return result


if __name__ == "__main__":
    for size in (800, 64, 333):
        for sample, (width, height) in enumerate(((500, 375), (375, 500), (500, 500), (1066, 800), (86, 23), (1, 1),
                                                  (640, 427), (20, 300), (800, 1333))):
            for seed, epoch in ((42, 3), (0, 0), (2**64 - 1, 139)):
                values = " ".join(map(str, plan(size, seed, epoch, sample * 97, width, height)))
                print(f"plan {size} {seed} {epoch} {sample * 97} {width} {height} : {values}")
    for order in ("shuffle", "window:1", "window:2", "sequential"):
        for n, batch, window, last in ((23, 4, 1, "keep"), (23, 4, 2, "keep"), (23, 4, 50, "keep"), (23, 4, 2, "drop"),
                                       (23, 23, 3, "keep"), (23, 40, 3, "keep"), (24, 4, 3, "drop"), (3, 2, 2, "keep")):
            for seed, epoch in ((42, 0), (7, 5)):
                runs = "|".join(",".join(map(str, run)) for run in steps(order, n, batch, window, last, seed, epoch))
                print(f"steps {order} {n} {batch} {window} {last} {seed} {epoch} : {runs}")
