// SPDX-License-Identifier: Apache-2.0
// The kernels of row_kernels.h for one kind of processor. row_kernels.cpp includes this file once
// for each, in a namespace of its own, while the compiler may use that processor's instructions;
// INTR_NATIVE_LANES says how many float32 its vectors hold. Everything is in groups of 16 lanes and
// multiplications are never fused with additions, so that every kind computes the same bits.

constexpr int kLanes = kRowStep;
constexpr int kParts = kLanes / INTR_NATIVE_LANES;
constexpr int kVectorsOfUnit = kMaskUnit / kLanes;

using NativeFloats = float __attribute__((vector_size(4 * INTR_NATIVE_LANES)));
using NativeWords = std::uint32_t __attribute__((vector_size(4 * INTR_NATIVE_LANES)));
using NativeHalfWords = std::uint16_t __attribute__((vector_size(2 * INTR_NATIVE_LANES)));
using NativeBytes = std::uint8_t __attribute__((vector_size(INTR_NATIVE_LANES)));

/// 16 lanes in as many of the processor's vectors as that takes.
template <class Native>
struct Lanes {
  Native part[kParts];
};
using Floats = Lanes<NativeFloats>;
using Words = Lanes<NativeWords>;  // masks, too: all bits or none

/// f of each part of its arguments.
template <class Result, class F, class... Arguments>
INTR_INLINE Result each(F f, const Arguments&... arguments) {
  Result result;
#pragma GCC unroll 4
  for (int i = 0; i < kParts; ++i) result.part[i] = f(arguments.part[i]...);
  return result;
}
template <class To, class From>
INTR_INLINE To bits_as(From from) {
  return reinterpret_cast<To>(from);  // of native vectors: the same bits
}

#define INTR_OPERATOR(type, result, op)                                           \
  INTR_INLINE result operator op(const type& a, const type& b) {                  \
    return each<result>([](auto x, auto y) INTR_LAMBDA { return x op y; }, a, b); \
  }
#define INTR_COMPARISON(type, op)                                                                  \
  INTR_INLINE Words operator op(const type& a, const type& b) {                                    \
    return each<Words>([](auto x, auto y) INTR_LAMBDA { return bits_as<NativeWords>(x op y); }, a, \
                       b);                                                                         \
  }
INTR_OPERATOR(Floats, Floats, +)
INTR_OPERATOR(Floats, Floats, -)
INTR_OPERATOR(Floats, Floats, *)
INTR_OPERATOR(Words, Words, +)
INTR_OPERATOR(Words, Words, -)
INTR_OPERATOR(Words, Words, &)
INTR_OPERATOR(Words, Words, |)
INTR_OPERATOR(Words, Words, ^)
INTR_COMPARISON(Floats, <)
INTR_COMPARISON(Floats, ==)
INTR_COMPARISON(Floats, !=)
INTR_COMPARISON(Words, >=)
#undef INTR_OPERATOR
#undef INTR_COMPARISON
template <int kBits>
INTR_INLINE Words left(const Words& a) {
  return each<Words>([](auto x) INTR_LAMBDA { return x << kBits; }, a);
}
template <int kBits>
INTR_INLINE Words right(const Words& a) {
  return each<Words>([](auto x) INTR_LAMBDA { return x >> kBits; }, a);
}
/// a where the mask is set, else b.
template <class Native>
INTR_INLINE Lanes<Native> select(const Words& mask, const Lanes<Native>& a,
                                 const Lanes<Native>& b) {
  return each<Lanes<Native>>([](auto m, auto x, auto y) INTR_LAMBDA { return m != 0 ? x : y; },
                             mask, a, b);
}
INTR_INLINE Floats all(float value) {
  Floats lanes;
  for (NativeFloats& part : lanes.part) part = NativeFloats{} + value;
  return lanes;
}
INTR_INLINE Words all_words(std::uint32_t value) {
  Words lanes;
  for (NativeWords& part : lanes.part) part = NativeWords{} + value;
  return lanes;
}
INTR_INLINE Floats floats_of(const Words& bits) {
  return each<Floats>([](auto x) INTR_LAMBDA { return bits_as<NativeFloats>(x); }, bits);
}
INTR_INLINE Words words_of(const Floats& values) {
  return each<Words>([](auto x) INTR_LAMBDA { return bits_as<NativeWords>(x); }, values);
}
INTR_INLINE Floats larger(const Floats& a, const Floats& b) { return select(b < a, a, b); }

/// Part by part: a copy as a whole would go through memory in other pieces.
template <class Native, class T>
INTR_INLINE Lanes<Native> read_lanes(const T* from) {
  Lanes<Native> lanes;
#pragma GCC unroll 4
  for (int i = 0; i < kParts; ++i)
    std::memcpy(&lanes.part[i], from + i * INTR_NATIVE_LANES, sizeof(Native));
  return lanes;
}
template <class Native, class T>
INTR_INLINE void write_lanes(T* to, const Lanes<Native>& lanes) {
#pragma GCC unroll 4
  for (int i = 0; i < kParts; ++i)
    std::memcpy(to + i * INTR_NATIVE_LANES, &lanes.part[i], sizeof(Native));
}
INTR_INLINE Floats load(const float* from) { return read_lanes<NativeFloats>(from); }
INTR_INLINE void store(float* to, const Floats& value) { write_lanes(to, value); }
INTR_INLINE Floats load(const Bfloat16Bits* from) {
  const auto half = read_lanes<NativeHalfWords>(from);
  return floats_of(each<Words>(
      [](auto x) INTR_LAMBDA { return __builtin_convertvector(x, NativeWords) << 16; }, half));
}
/// Rounds to the nearest, ties to even.
INTR_INLINE void store(Bfloat16Bits* to, const Floats& value) {
  const Words bits = words_of(value);
  const Words rounded = right<16>(bits + all_words(0x7FFFu) + (right<16>(bits) & all_words(1u)));
  const auto half = each<Lanes<NativeHalfWords>>(
      [](auto x) INTR_LAMBDA { return __builtin_convertvector(x, NativeHalfWords); },
      select(value == value, rounded, all_words(0x7FC0u)));  // not a number stays one
  write_lanes(to, half);
}

/// Lanes below `count` come from memory, the others are `fill`.
template <class T>
INTR_INLINE Floats load_some(const T* from, std::int64_t count, float fill) {
  if (count >= kLanes) return load(from);
  T values[kLanes];
  store(values, all(fill));
  std::memcpy(values, from, static_cast<std::size_t>(count) * sizeof(T));
  return load(values);
}
template <class T>
INTR_INLINE void store_some(T* to, std::int64_t count, const Floats& value) {
  if (count >= kLanes) return store(to, value);
  T values[kLanes];
  store(values, value);
  std::memcpy(to, values, static_cast<std::size_t>(count) * sizeof(T));
}

template <int kBits>
INTR_INLINE Words rotated(const Words& x) {
  return left<kBits>(x) | right<32 - kBits>(x);
}
/// Two rounds: the words mix as 0-1 and 2-3, then as 0-3 and 2-1.
template <int kA, int kB, int kC, int kD>
INTR_INLINE void two_rounds(Words (&x)[4]) {
  x[0] = x[0] + x[1], x[1] = rotated<kA>(x[1]) ^ x[0];
  x[2] = x[2] + x[3], x[3] = rotated<kB>(x[3]) ^ x[2];
  x[0] = x[0] + x[3], x[3] = rotated<kC>(x[3]) ^ x[0];
  x[2] = x[2] + x[1], x[1] = rotated<kD>(x[1]) ^ x[2];
}
template <int kNumber>
INTR_INLINE void inject(Words (&x)[4], const std::uint32_t (&key)[5]) {
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) x[i] = x[i] + all_words(key[(kNumber + i) % 5]);
  x[3] = x[3] + all_words(static_cast<std::uint32_t>(kNumber));
}
/// Threefry4x32-20. Lane l has the counter (l, unit, 0).
INTR_INLINE void draw(std::uint64_t key, std::uint64_t unit, Words (&x)[4]) {
  const auto low = static_cast<std::uint32_t>(key), high = static_cast<std::uint32_t>(key >> 32);
  const std::uint32_t keys[5] = {low, high, 0, 0, 0x1BD11BDAu ^ low ^ high};
  constexpr std::uint32_t kCount[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  x[0] = read_lanes<NativeWords>(kCount);
  x[0] = x[0] + all_words(low);
  x[1] = all_words(static_cast<std::uint32_t>(unit) + high);
  x[2] = all_words(static_cast<std::uint32_t>(unit >> 32));
  x[3] = all_words(0);
  two_rounds<10, 26, 11, 21>(x), two_rounds<13, 27, 23, 5>(x), inject<1>(x, keys);
  two_rounds<6, 20, 17, 11>(x), two_rounds<25, 10, 18, 20>(x), inject<2>(x, keys);
  two_rounds<10, 26, 11, 21>(x), two_rounds<13, 27, 23, 5>(x), inject<3>(x, keys);
  two_rounds<6, 20, 17, 11>(x), two_rounds<25, 10, 18, 20>(x), inject<4>(x, keys);
  two_rounds<10, 26, 11, 21>(x), two_rounds<13, 27, 23, 5>(x), inject<5>(x, keys);
}
/// The draws of vector `number` of a unit.
INTR_INLINE Words draws_of(const Words (&x)[4], int number) {
  return number % 2 == 0 ? x[number / 2] & all_words(0xFFFFu) : right<16>(x[number / 2]);
}

/// Calls visit(first element, how many up to the end, which are kept) for the vectors of [begin,
/// end).
template <class Visit>
INTR_INLINE void for_masked(std::int64_t begin, std::int64_t end, const DropoutMask& mask,
                            Visit visit) {
  if (mask.threshold == 0) {  // everything stays: nothing is drawn
    const Words keep = all_words(~0u);
    for (std::int64_t at = begin; at < end; at += kLanes) visit(at, end - at, keep);
    return;
  }
  const Words threshold = all_words(mask.threshold);
  for (std::int64_t first = begin; first < end; first += kMaskUnit) {
    Words x[4];
    draw(mask.key, static_cast<std::uint64_t>(first / kMaskUnit), x);
#pragma GCC unroll 8
    for (int number = 0; number < kVectorsOfUnit; ++number) {
      const std::int64_t at = first + number * kLanes;
      if (at >= end) return;
      visit(at, end - at, draws_of(x, number) >= threshold);
    }
  }
}

template <class T>
void drop(const T* x, T* y, std::int64_t begin, std::int64_t end, const DropoutMask& mask) {
  for_masked(begin, end, mask,
             [&](std::int64_t at, std::int64_t count, const Words& keep) INTR_LAMBDA {
               store_some(y + at, count,
                          select(keep, load_some(x + at, count, 0) * all(mask.scale), all(0)));
             });
}

template <class T>
void add_dropped(const T* residual, const T* x, T* y, std::int64_t begin, std::int64_t end,
                 const DropoutMask& mask) {
  for_masked(
      begin, end, mask, [&](std::int64_t at, std::int64_t count, const Words& keep) INTR_LAMBDA {
        const Floats change = select(keep, load_some(x + at, count, 0) * all(mask.scale), all(0));
        store_some(y + at, count, load_some(residual + at, count, 0) + change);
      });
}

template <class T>
void relu_drop(T* x, std::int64_t begin, std::int64_t end, const DropoutMask& mask) {
  for_masked(
      begin, end, mask, [&](std::int64_t at, std::int64_t count, const Words& keep) INTR_LAMBDA {
        const Floats value = load_some(x + at, count, 0);
        const Floats active = select(value < all(0), all(0), value);  // what is no number stays so
        store_some(x + at, count, select(keep, active * all(mask.scale), all(0)));
      });
}

template <class T>
void relu_drop_backward(const T* grad, const T* y, T* out, std::int64_t begin, std::int64_t end,
                        float scale) {
  for (std::int64_t at = begin; at < end; at += kLanes) {
    const Floats through = load_some(grad + at, end - at, 0) * all(scale);
    const Words kept = load_some(y + at, end - at, 0) != all(0);
    store_some(out + at, end - at, select(kept, through, all(0)));
  }
}

template <class T>
void add_relu(T* y, const T* x, std::int64_t begin, std::int64_t end) {
  for (std::int64_t at = begin; at < end; at += kLanes) {
    const Floats sum = load_some(y + at, end - at, 0) + load_some(x + at, end - at, 0);
    store_some(y + at, end - at, select(sum < all(0), all(0), sum));
  }
}

/// exp(x) for x <= 0, within 2 units in the last place; 0 below -87; what is no number stays so.
/// (Cephes' expf: Moshier 1989.)
INTR_INLINE Floats exp_of(const Floats& x) {
  const Floats magic = all(12582912.0F);  // adding it rounds to a whole number in the last bits
  const Floats bounded = larger(x, all(-87.0F));
  const Floats shifted = bounded * all(1.44269504088896341F) + magic;
  const Floats n = shifted - magic;
  const Floats r = bounded - n * all(0.693359375F) + n * all(2.12194440e-4F);
  Floats p = r * all(1.9875691500e-4F) + all(1.3981999507e-3F);
  p = p * r + all(8.3334519073e-3F);
  p = p * r + all(4.1665795894e-2F);
  p = p * r + all(1.6666665459e-1F);
  p = p * r + all(5.0000001201e-1F);
  p = p * r * r + r + all(1.0F);
  const Words exponent = words_of(shifted) - words_of(magic) + all_words(127);
  const Floats power = select(x < all(-87.0F), all(0), p * floats_of(left<23>(exponent)));
  return select(x == x, power, x);
}

/// One value of all lanes: lane 0 with lane 8, 1 with 9, ..., then 0 with 4, and so on.
template <class Join>
INTR_INLINE float joined(const Floats& values, Join join) {
  float lanes[kLanes];
  store(lanes, values);
#pragma GCC unroll 4
  for (int step = kLanes / 2; step > 0; step /= 2)
#pragma GCC unroll 8
    for (int i = 0; i < step; ++i) lanes[i] = join(lanes[i], lanes[i + step]);
  return lanes[0];
}
INTR_INLINE float sum_of(const Floats& values) {
  return joined(values, [](float a, float b) INTR_LAMBDA { return a + b; });
}
INTR_INLINE float largest_of(const Floats& values) {
  return joined(values, [](float a, float b) INTR_LAMBDA { return a > b ? a : b; });
}

constexpr float kMinusInfinity = -std::numeric_limits<float>::infinity();

/// Lanes of a vector whose first `count` hold something.
INTR_INLINE Words lanes_below(std::int64_t count) {
  constexpr std::uint32_t kNumber[kLanes] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  return all_words(static_cast<std::uint32_t>(count)) >= read_lanes<NativeWords>(kNumber);
}

/// Scores times scale; minus infinity where nothing may be looked at and behind the end.
INTR_INLINE Floats scaled_scores(const float* scores, std::int64_t at, std::int64_t keys,
                                 const std::uint8_t* allowed, float scale) {
  const std::int64_t count = keys - at < kLanes ? keys - at : kLanes;
  const Floats value = load(scores + at) * all(scale);
  if (allowed == nullptr && count == kLanes) return value;
  Words seen = lanes_below(count);
  if (allowed != nullptr) {
    Lanes<NativeBytes> bytes = {};
    std::memcpy(&bytes, allowed + at, static_cast<std::size_t>(count));
    seen = each<Words>(
        [](auto x) INTR_LAMBDA {
          return bits_as<NativeWords>(__builtin_convertvector(x, NativeWords) != 0u);
        },
        bytes);
  }
  return select(seen, value, all(kMinusInfinity));
}

INTR_INLINE float largest_score(const float* scores, std::int64_t keys, const std::uint8_t* allowed,
                                float scale) {
  Floats most[4] = {all(kMinusInfinity), all(kMinusInfinity), all(kMinusInfinity),
                    all(kMinusInfinity)};  // four, so that none waits for the one before
  std::int64_t at = 0;
  for (; at + 4 * kLanes <= keys; at += 4 * kLanes)
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)
      most[i] = larger(scaled_scores(scores, at + i * kLanes, keys, allowed, scale), most[i]);
  for (; at < keys; at += kLanes)
    most[0] = larger(scaled_scores(scores, at, keys, allowed, scale), most[0]);
  return largest_of(larger(larger(most[0], most[1]), larger(most[2], most[3])));
}

template <class T>
float softmax_drop(float* scores, T* weights, std::int64_t keys, const std::uint8_t* allowed,
                   float scale, std::int64_t row, const DropoutMask& mask) {
  const float largest = largest_score(scores, keys, allowed, scale);
  if (largest == kMinusInfinity) {  // nothing to look at, or no numbers
    Floats bad = all(0);
    for (std::int64_t at = 0; at < keys; at += kLanes) {
      const Floats value = scaled_scores(scores, at, keys, allowed, scale);
      bad = bad + select(value == value, all(0), value);
    }
    const float weight = sum_of(bad);
    for (std::int64_t at = 0; at < keys; at += kLanes) store(weights + at, all(weight));
    return weight;
  }
  Floats sums = all(0);
  for (std::int64_t at = 0; at < keys; at += kLanes) {
    const Floats value = exp_of(scaled_scores(scores, at, keys, allowed, scale) - all(largest));
    store(scores + at, value);
    sums = sums + value;
  }
  const float sum = sum_of(sums);
  const float factor = mask.scale / sum;
  const std::int64_t whole = (keys + kMaskUnit - 1) / kMaskUnit * kMaskUnit;
  for_masked(row * whole, row * whole + keys, mask,
             [&](std::int64_t place, std::int64_t, const Words& keep) INTR_LAMBDA {
               const std::int64_t at = place - row * whole;
               store(weights + at, select(keep, load(scores + at) * all(factor), all(0)));
             });
  return largest + std::log(sum);
}

template <class T>
void softmax_drop_backward(const float* scores, const float* grad, T* weights, T* change,
                           std::int64_t keys, const std::uint8_t* allowed, float scale,
                           float log_sum, float delta, std::int64_t row, const DropoutMask& mask) {
  const std::int64_t whole = (keys + kMaskUnit - 1) / kMaskUnit * kMaskUnit;
  for_masked(row * whole, row * whole + keys, mask,
             [&](std::int64_t place, std::int64_t, const Words& keep) INTR_LAMBDA {
               const std::int64_t at = place - row * whole;
               const Floats shifted =
                   scaled_scores(scores, at, keys, allowed, scale) - all(log_sum);
               const Floats weight = exp_of(select(all(0) < shifted, all(0), shifted));
               const Floats through = load(grad + at) * all(mask.scale);
               const Floats moved = select(keep, through, all(0)) - all(delta);
               store(weights + at, select(keep, weight * all(mask.scale), all(0)));
               store(change + at, weight * moved * all(scale));
             });
}

void draws(std::uint64_t key, std::uint64_t unit, std::uint16_t* to) {
  Words x[4];
  draw(key, unit, x);
  for (int number = 0; number < kVectorsOfUnit; ++number) {
    const auto values = each<Lanes<NativeHalfWords>>(
        [](auto word) INTR_LAMBDA { return __builtin_convertvector(word, NativeHalfWords); },
        draws_of(x, number));
    write_lanes(to + number * kLanes, values);
  }
}

template <class T>
TypedRowKernels<T> typed_kernels() {
  return {.drop = drop<T>,
          .add_dropped = add_dropped<T>,
          .relu_drop = relu_drop<T>,
          .relu_drop_backward = relu_drop_backward<T>,
          .add_relu = add_relu<T>,
          .softmax_drop = softmax_drop<T>,
          .softmax_drop_backward = softmax_drop_backward<T>};
}

RowKernels kernels(const char* name) {
  return {.name = name,
          .f32 = typed_kernels<float>(),
          .bf16 = typed_kernels<Bfloat16Bits>(),
          .draws = draws};
}
