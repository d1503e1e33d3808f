// SPDX-License-Identifier: Apache-2.0
#include "intr/model/fused_attention.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>
#include <vector>

#include "intr/model/dropout.h"
#include "intr/model/row_kernels.h"
#include "kept_mask.h"
#include "tile_panels.h"

namespace intr {
namespace {

/// Rows of a tile: enough for products at full speed, so few that scores stay in a core's caches.
constexpr std::int64_t kTileRows = 64;

using Half = c10::BFloat16;

/// What the row kernels call these types.
template <class T>
using KernelType = std::conditional_t<std::is_same_v<T, float>, float, Bfloat16Bits>;
template <class T>
KernelType<T>* kernel_bits(T* x) {
  return reinterpret_cast<KernelType<T>*>(x);
}

/// The sizes of one call. A "matrix" is one head of one image.
struct Shape {
  Shape(const at::Tensor& query, const at::Tensor& key)
      : heads(query.size(1)),
        matrices(query.size(0) * heads),
        rows(query.size(2)),
        keys(key.size(2)),
        width(query.size(3)),
        all_keys(padded(keys)),
        tiles((rows + kTileRows - 1) / kTileRows),
        scale(1 / std::sqrt(static_cast<float>(width))) {}

  /// Rows of a matrix of x, from `first` on.
  template <class T>
  Rows<T> matrix(const at::Tensor& x, std::int64_t number, std::int64_t first,
                 std::int64_t count) const {
    const T* start = static_cast<const T*>(x.const_data_ptr()) + number / heads * x.stride(0) +
                     number % heads * x.stride(1);
    return {start + first * x.stride(2), count, width, x.stride(2)};
  }

  std::int64_t heads, matrices, rows, keys, width;
  std::int64_t all_keys;  ///< with padding
  std::int64_t tiles;     ///< of a matrix
  float scale;
};

/// A tile of rows of one matrix.
struct Tile {
  Tile(const Shape& shape, std::int64_t in_matrix, std::int64_t number)
      : matrix(in_matrix),
        first(number * kTileRows),
        count(std::min(kTileRows, shape.rows - first)),
        all(padded(count)),
        row(matrix * shape.rows + first) {}
  std::int64_t matrix, first, count;
  std::int64_t all;  ///< rows with padding
  std::int64_t row;  ///< number of the first one in the whole tensor
};

/// Inputs of the call as the kernels see them: allowed keys of a matrix, a byte each, or null.
const std::uint8_t* allowed_keys(const Shape& shape, const at::Tensor& allowed,
                                 std::int64_t matrix) {
  if (!allowed.defined()) return nullptr;
  return reinterpret_cast<const std::uint8_t*>(allowed.const_data_ptr<bool>()) +
         matrix / shape.heads * shape.keys;
}

/// Calls work(number, workspace) for each of `count`, shared among the threads; each has one
/// workspace.
template <class Workspace, class Work>
void for_each_task(std::int64_t count, const Shape& shape, const Work& work) {
  at::parallel_for(0, count, 1, [&](std::int64_t begin, std::int64_t end) {
    const TileProducts products;
    Workspace workspace(shape);
    for (std::int64_t number = begin; number < end; ++number) work(number, workspace);
  });
}

struct NoSpace {
  explicit NoSpace(const Shape&) {}
};

template <class P>
std::vector<P> zeros(std::int64_t elements) {
  return std::vector<P>(static_cast<std::size_t>(elements), P(0.0F));
}

/// Scores of a tile, [rows, all_keys], and the factor that is made of them: in the same memory
/// where both are float32. Its columns behind the keys are 0.
template <class P>
struct ScoreTile {
  explicit ScoreTile(const Shape& shape)
      : scores(zeros<float>(kTileRows * shape.all_keys)),
        factors(zeros<P>(kShared ? 0 : kTileRows * shape.all_keys)) {}
  P* factor() {
    if constexpr (kShared)
      return scores.data();
    else
      return factors.data();
  }
  static constexpr bool kShared = std::is_same_v<P, float>;
  std::vector<float> scores;
  std::vector<P> factors;
};

/// One right factor a matrix, made once for all its tiles.
template <class P>
class Factors {
 public:
  explicit Factors(const Shape& shape)
      : size_(shape.all_keys * shape.width), values_(zeros<P>(shape.matrices * size_)) {}
  P* of(std::int64_t matrix) { return values_.data() + matrix * size_; }

 private:
  std::int64_t size_;
  std::vector<P> values_;
};

template <class T>
void write_rows(const float* values, const at::Tensor& to, const Shape& shape, std::int64_t matrix,
                std::int64_t first, std::int64_t count) {
  const Rows<T> rows = shape.matrix<T>(to, matrix, first, count);
  for (std::int64_t i = 0; i < count; ++i)
    std::copy_n(values + i * shape.width, shape.width, const_cast<T*>(rows.row(i)));
}

/// What the caller gave, by the names of the formula.
struct Inputs {
  const at::Tensor &query, &key, &value, &allowed;
  const DropoutMask& mask;
};

template <class P>
struct ForwardSpace {
  explicit ForwardSpace(const Shape& shape)
      : tile(shape),
        queries(zeros<P>(kTileRows * shape.width)),
        mixed(zeros<float>(kTileRows * shape.width)) {}
  ScoreTile<P> tile;
  std::vector<P> queries;
  std::vector<float> mixed;
};

/// T is the type of the tensors, P that of the factors of products.
/// @param log_sums [B, N, rows] float32, written
template <class T, class P>
void attend(const Inputs& in, const at::Tensor& out, const at::Tensor& log_sums) {
  const Shape shape(in.query, in.key);
  const std::int64_t n = shape.all_keys, d = shape.width;
  float* sums = log_sums.data_ptr<float>();
  const auto softmax = row_kernels().of<KernelType<P>>().softmax_drop;
  Factors<P> keys(shape), values(shape);
  for_each_task<NoSpace>(shape.matrices, shape, [&](std::int64_t matrix, NoSpace&) {
    pack_right_transposed(shape.matrix<T>(in.key, matrix, 0, shape.keys), n, keys.of(matrix));
    pack_right(shape.matrix<T>(in.value, matrix, 0, shape.keys), n, values.of(matrix));
  });
  const std::int64_t tasks = shape.matrices * shape.tiles;
  for_each_task<ForwardSpace<P>>(tasks, shape, [&](std::int64_t task, ForwardSpace<P>& space) {
    const Tile tile(shape, task / shape.tiles, task % shape.tiles);
    float* scores = space.tile.scores.data();
    P* weights = space.tile.factor();
    pack_left(shape.matrix<T>(in.query, tile.matrix, tile.first, tile.count), tile.all,
              space.queries.data());
    tile_product(tile.all, n, d, space.queries.data(), keys.of(tile.matrix), scores);
    const std::uint8_t* seen = allowed_keys(shape, in.allowed, tile.matrix);
    for (std::int64_t i = 0; i < tile.count; ++i)
      sums[tile.row + i] = softmax(scores + i * n, kernel_bits(weights + i * n), shape.keys, seen,
                                   shape.scale, tile.row + i, in.mask);
    tile_product(tile.all, d, n, weights, values.of(tile.matrix), space.mixed.data());
    write_rows<T>(space.mixed.data(), out, shape, tile.matrix, tile.first, tile.count);
  });
}

struct Gradients {
  at::Tensor query, key, value;
};

template <class P>
struct BackwardSpace {
  explicit BackwardSpace(const Shape& shape)
      : weights(shape),
        change(shape),
        pairs(zeros<P>(ScoreTile<P>::kShared ? 0 : kTileRows * shape.all_keys)),
        rows(zeros<P>(kTileRows * shape.width)),
        columns(zeros<P>(kTileRows * shape.width)),
        keys(zeros<P>(shape.all_keys * shape.width)),
        key_rows(zeros<P>(shape.all_keys * shape.width)),
        values(zeros<P>(shape.all_keys * shape.width)),
        query_grad(zeros<float>(kTileRows * shape.width)),
        key_grad(zeros<float>(shape.all_keys * shape.width)),
        value_grad(zeros<float>(shape.all_keys * shape.width)),
        turned(zeros<float>(shape.all_keys * shape.width)) {}
  ScoreTile<P> weights, change;
  std::vector<P> pairs;                     ///< a right factor of a tile of them
  std::vector<P> rows, columns;             ///< a tile of queries or of gradients, and turned
  std::vector<P> keys, key_rows, values;    ///< right factors
  std::vector<float> query_grad;            ///< [tile rows, d]
  std::vector<float> key_grad, value_grad;  ///< [d, all_keys]
  std::vector<float> turned;
};

/// sum += rows^T tile. @param tile [tile rows, all_keys]  @param sum [d, all_keys]
template <class T, class P>
void add_product(const Rows<T>& rows, std::int64_t all, P* tile, const Shape& shape,
                 BackwardSpace<P>& space, float* sum) {
  const std::int64_t n = shape.all_keys;
  pack_left_transposed(rows, all, space.columns.data());
  P* right = tile;
  if constexpr (!ScoreTile<P>::kShared) {
    right = space.pairs.data();
    pack_right(Rows<P>{tile, all, n, n}, all, right);
  }
  tile_product(shape.width, n, all, space.columns.data(), right, sum, true);
}

/// @param sum [d, all_keys]
template <class T, class P>
void write_columns(const std::vector<float>& sum, const at::Tensor& to, const Shape& shape,
                   std::int64_t matrix, BackwardSpace<P>& space) {
  pack_left_transposed(Rows<float>{sum.data(), shape.width, shape.keys, shape.all_keys},
                       shape.width, space.turned.data());
  write_rows<T>(space.turned.data(), to, shape, matrix, 0, shape.keys);
}

template <class T, class P>
void attend_backward(const Inputs& in, const at::Tensor& grad, const at::Tensor& deltas,
                     const at::Tensor& log_sums, const Gradients& gradients) {
  const Shape shape(in.query, in.key);
  const std::int64_t n = shape.all_keys, d = shape.width;
  const float* sums = log_sums.const_data_ptr<float>();
  const float* delta = deltas.const_data_ptr<float>();
  const auto softmax_backward = row_kernels().of<KernelType<P>>().softmax_drop_backward;
  using Space = BackwardSpace<P>;
  // Tiles of a matrix follow one another: gradients of keys and values are sums over them.
  for_each_task<Space>(shape.matrices, shape, [&](std::int64_t matrix, Space& space) {
    const Rows<T> key = shape.matrix<T>(in.key, matrix, 0, shape.keys);
    pack_right_transposed(key, n, space.keys.data());
    pack_right(key, n, space.key_rows.data());
    pack_right_transposed(shape.matrix<T>(in.value, matrix, 0, shape.keys), n, space.values.data());
    std::fill(space.key_grad.begin(), space.key_grad.end(), 0.0F);
    std::fill(space.value_grad.begin(), space.value_grad.end(), 0.0F);
    float *scores = space.weights.scores.data(), *changes = space.change.scores.data();
    P *weights = space.weights.factor(), *change = space.change.factor();
    const std::uint8_t* seen = allowed_keys(shape, in.allowed, matrix);
    for (std::int64_t number = 0; number < shape.tiles; ++number) {
      const Tile tile(shape, matrix, number);
      const Rows<T> queries = shape.matrix<T>(in.query, matrix, tile.first, tile.count);
      const Rows<T> grads = shape.matrix<T>(grad, matrix, tile.first, tile.count);
      pack_left(queries, tile.all, space.rows.data());
      tile_product(tile.all, n, d, space.rows.data(), space.keys.data(), scores);
      pack_left(grads, tile.all, space.rows.data());
      tile_product(tile.all, n, d, space.rows.data(), space.values.data(), changes);
      for (std::int64_t i = 0; i < tile.count; ++i) {
        const std::int64_t row = tile.row + i;
        softmax_backward(scores + i * n, changes + i * n, kernel_bits(weights + i * n),
                         kernel_bits(change + i * n), shape.keys, seen, shape.scale, sums[row],
                         delta[row], row, in.mask);
      }
      tile_product(tile.all, d, n, change, space.key_rows.data(), space.query_grad.data());
      write_rows<T>(space.query_grad.data(), gradients.query, shape, matrix, tile.first,
                    tile.count);
      // Rows behind the tile's meet zeros of the other factor; they hold finite numbers.
      add_product(queries, tile.all, change, shape, space, space.key_grad.data());
      add_product(grads, tile.all, weights, shape, space, space.value_grad.data());
    }
    write_columns<T>(space.key_grad, gradients.key, shape, matrix, space);
    write_columns<T>(space.value_grad, gradients.value, shape, matrix, space);
  });
}

/// Calls work(number of the tensors' type, of the factors' type). Factors are as the tensors are,
/// but where the processor has no products of bfloat16 numbers, or the pairs that these take.
template <class Work>
void with_types(const at::Tensor& query, const Work& work) {
  if (query.scalar_type() == at::kFloat)
    work(float{}, float{});
  else if (has_bfloat16_tiles() && query.size(3) % 2 == 0)
    work(Half{}, Half{});
  else
    work(Half{}, float{});
}

/// [B, N, rows, d] as a view of [B, rows, N, d], which is how the model goes on with it.
at::Tensor heads_inside(const at::Tensor& like) {
  return at::empty({like.size(0), like.size(2), like.size(1), like.size(3)}, like.options())
      .transpose(1, 2);
}

/// Elements of a row lie side by side, as products need them.
at::Tensor with_whole_rows(const at::Tensor& x) { return x.stride(3) == 1 ? x : x.contiguous(); }

struct FusedAttention : torch::autograd::Function<FusedAttention> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& query,
                            const at::Tensor& key, const at::Tensor& value,
                            const std::optional<at::Tensor>& seen, double rate) {
    const at::Tensor allowed = seen.value_or(at::Tensor());
    const DropoutMask mask = make_dropout_mask(rate, rate > 0 ? next_dropout_key() : 0);
    const at::Tensor out = heads_inside(query);
    const at::Tensor log_sums =
        at::empty({query.size(0), query.size(1), query.size(2)}, query.options().dtype(at::kFloat));
    with_types(query, [&](auto type, auto factor) {
      attend<decltype(type), decltype(factor)>({query, key, value, allowed, mask}, out, log_sums);
    });
    context->save_for_backward({query, key, value, allowed, out, log_sums});
    keep_mask(*context, mask.key, rate);
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &query = saved[0], &key = saved[1], &value = saved[2], &allowed = saved[3];
    const DropoutMask mask = kept_mask(*context);
    const at::Tensor grad = with_whole_rows(grads[0]);
    const at::Tensor deltas =
        (grad.to(at::kFloat) * saved[4].to(at::kFloat)).sum(-1).contiguous();  // [B, N, rows]
    const Gradients gradients{heads_inside(query), heads_inside(key), heads_inside(value)};
    with_types(query, [&](auto type, auto factor) {
      attend_backward<decltype(type), decltype(factor)>({query, key, value, allowed, mask}, grad,
                                                        deltas, saved[5], gradients);
    });
    return {gradients.query, gradients.key, gradients.value, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor fused_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                           const at::Tensor& allowed, double rate) {
  std::optional<at::Tensor> seen;
  if (allowed.defined()) seen = allowed.expand({query.size(0), 1, 1, key.size(2)}).contiguous();
  return FusedAttention::apply(with_whole_rows(query), with_whole_rows(key), with_whole_rows(value),
                               seen, rate);
}

}  // namespace intr
