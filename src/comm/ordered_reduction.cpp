// SPDX-License-Identifier: Apache-2.0
#include "ordered_reduction.h"

#include <algorithm>
#include <cstdint>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"

namespace intr {
namespace {

constexpr int kTreeTag = 2;

template <class T>
void combine(T* lower, const T* higher, std::size_t count, Op op) {
  switch (op) {
    case Op::sum:
      for (std::size_t i = 0; i < count; ++i) lower[i] = static_cast<T>(lower[i] + higher[i]);
      return;
    case Op::min:
      for (std::size_t i = 0; i < count; ++i) lower[i] = std::min(lower[i], higher[i]);
      return;
    case Op::max:
      for (std::size_t i = 0; i < count; ++i) lower[i] = std::max(lower[i], higher[i]);
      return;
  }
}

template <class T>
void combine(const Buffer& lower, const std::byte* higher, Op op) {
  combine(static_cast<T*>(lower.data), reinterpret_cast<const T*>(higher), lower.count, op);
}

void combine(const Buffer& lower, const std::byte* higher, Op op) {
  switch (lower.dtype) {
    case ElementType::f32:
      return combine<float>(lower, higher, op);
    case ElementType::f64:
      return combine<double>(lower, higher, op);
    case ElementType::i64:
      return combine<std::int64_t>(lower, higher, op);
    case ElementType::u8:
      return combine<std::uint8_t>(lower, higher, op);
  }
  throw InternalError("an element type that is not in the list");
}

}  // namespace

void ordered_allreduce(MPI_Comm comm, Buffer inout, MPI_Datatype type, Op op,
                       std::vector<std::byte>& scratch, const MpiCheck& check) {
  int rank = 0, ranks = 1, bytes = 0;
  check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
  check(MPI_Comm_size(comm, &ranks), "MPI_Comm_size");
  check(MPI_Type_size(type, &bytes), "MPI_Type_size");
  const int count = checked_cast<int>(inout.count);
  scratch.resize(inout.count * checked_cast<std::size_t>(bytes));
  for (int distance = 1; distance < ranks; distance *= 2) {
    if (rank % (2 * distance) == distance) {
      check(MPI_Send(inout.data, count, type, rank - distance, kTreeTag, comm), "MPI_Send");
      break;
    }
    if (rank + distance >= ranks) continue;
    check(MPI_Recv(scratch.data(), count, type, rank + distance, kTreeTag, comm, MPI_STATUS_IGNORE),
          "MPI_Recv");
    combine(inout, scratch.data(), op);
  }
  check(MPI_Bcast(inout.data, count, type, 0, comm), "MPI_Bcast");
}

}  // namespace intr
