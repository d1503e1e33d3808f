#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes order_vectors.txt: feistel8-v1 and the draws of the augmentation, from their definitions.

Independent of the C++ code; needs NumPy for Philox. Run: python3 order_vectors.py > order_vectors.txt
Lines: "order N SEED EPOCH STREAM : values" (all N positions if N <= 64, else the positions listed in
`positions`), "draws SEED EPOCH SAMPLE : draws 0 to 7 in hexadecimal".
"""
import numpy as np

M = (1 << 64) - 1


def mix(z):
    z = (z + 0x9E3779B97F4A7C15) & M
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
    return z ^ (z >> 31)


def perm(p, n, seed, epoch, stream):
    bits = max(2, (n - 1).bit_length())
    bits += bits % 2
    half = bits // 2
    base = mix(mix(mix(seed) ^ epoch) ^ stream)
    while True:
        left, right = p >> half, p & ((1 << half) - 1)
        for r in range(8):
            left, right = right, left ^ (mix(right ^ mix(base ^ r)) >> (64 - half))
        p = left << half | right
        if p < n:
            return p


def positions(n):
    return range(n) if n <= 64 else sorted({0, 1, 2, 3, 7, n // 3, n // 2, n - 2, n - 1})


def draw(seed, epoch, sample, number):
    # NumPy's Philox adds 1 to the first counter word before its first block.
    key, counter = (np.array(words, dtype=np.uint64) for words in ([seed, 0], [0, epoch, sample, number]))
    generator = np.random.Philox(key=key, counter=counter)
    return int(generator.random_raw())


assert mix(0) == 0xE220A8397B1DCDAF
if __name__ == "__main__":
    for n in (1, 2, 3, 4, 5, 10, 17, 31, 32, 33, 255, 256, 257, 5994, 65535, 65536, 65537, 1 << 40):
        for seed, epoch, stream in ((0, 0, 0), (42, 0, 0), (42, 3, 0), (42, 1, (3 << 32) + 5), (M, 7, 1)):
            values = " ".join(str(perm(p, n, seed, epoch, stream)) for p in positions(n))
            print(f"order {n} {seed} {epoch} {stream} : {values}")
    for seed, epoch, sample in ((42, 3, 17), (0, 0, 0), (42, 0, 1_300_000), (7, 139, 5993)):
        print(f"draws {seed} {epoch} {sample} : " + " ".join(f"{draw(seed, epoch, sample, d):016x}" for d in range(8)))
