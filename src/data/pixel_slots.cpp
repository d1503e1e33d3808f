// SPDX-License-Identifier: Apache-2.0
#include "intr/data/pixel_slots.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include "intr/core/byte_size.h"
#include "intr/core/error.h"

namespace intr {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

/// Anonymous memory of the system: only pages that were written to are resident.
class Mapping {
 public:
  explicit Mapping(std::size_t bytes)
      : bytes_(bytes),
        begin_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (begin_ == MAP_FAILED) {
      throw EnvironmentError(
          fmt::format("the system refuses {} for the loader's slots", shown_bytes(bytes)), {},
          "use fewer --slots or a smaller --micro-batch");
    }
    // Advice only: a kernel without huge pages refuses it, and nothing is lost.
    if (bytes >= kHugePage) ::madvise(begin_, bytes, MADV_HUGEPAGE);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(begin_, bytes_); }

  std::span<std::uint8_t> all() const { return {static_cast<std::uint8_t*>(begin_), bytes_}; }

 private:
  std::size_t bytes_;
  void* begin_;
};

/// Bytes from one slot to the next.
std::size_t stride_of(std::size_t bytes) {
  return std::max(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
}

std::size_t total_of(std::size_t count, std::size_t bytes) {
  if (count < 1) throw InternalError("a loader without slots");
  if (bytes > std::numeric_limits<std::size_t>::max() / 2 / count)
    throw InternalError(fmt::format("{} slots of {} bytes", count, bytes));
  return count * stride_of(bytes);
}

}  // namespace

struct PixelLease::Lender {
  Lender(std::size_t slots, std::size_t bytes, SlotMemoryHook the_hook,
         std::function<void()> on_return)
      : mapping(total_of(slots, bytes)),
        slot_bytes(bytes),
        hook(std::move(the_hook)),
        returned(std::move(on_return)) {
    for (std::size_t slot = slots; slot > 0; --slot) free.push_back(slot - 1);
    if (hook.allocated) hook.allocated(mapping.all());
  }
  Lender(const Lender&) = delete;
  Lender& operator=(const Lender&) = delete;
  ~Lender() {
    if (hook.leaving) hook.leaving(mapping.all());
  }

  Mapping mapping;
  std::size_t slot_bytes;
  SlotMemoryHook hook;
  std::function<void()> returned;
  std::mutex mutex;
  std::vector<std::size_t> free;
};

PixelLease::PixelLease(std::shared_ptr<Lender> lender, std::size_t slot,
                       std::span<std::uint8_t> memory)
    : lender_(std::move(lender)), slot_(slot), memory_(memory) {}

PixelLease::PixelLease(PixelLease&& other) noexcept
    : lender_(std::move(other.lender_)),
      slot_(other.slot_),
      memory_(std::exchange(other.memory_, {})) {}

PixelLease& PixelLease::operator=(PixelLease&& other) noexcept {
  PixelLease old(std::move(*this));
  lender_ = std::move(other.lender_);
  slot_ = other.slot_;
  memory_ = std::exchange(other.memory_, {});
  return *this;
}

PixelLease::~PixelLease() {
  if (lender_ == nullptr) return;
  {
    const std::lock_guard lock(lender_->mutex);
    lender_->free.push_back(slot_);  // has room: it held this slot before
  }
  if (lender_->returned) lender_->returned();
}

PixelSlots::PixelSlots(std::int64_t count, std::size_t bytes, SlotMemoryHook hook,
                       std::function<void()> returned)
    : lender_(std::make_shared<PixelLease::Lender>(static_cast<std::size_t>(count), bytes,
                                                   std::move(hook), std::move(returned))) {}

std::optional<PixelLease> PixelSlots::lend() {
  const std::lock_guard lock(lender_->mutex);
  if (lender_->free.empty()) return std::nullopt;
  const std::size_t slot = lender_->free.back();
  lender_->free.pop_back();
  const std::size_t begin = slot * stride_of(lender_->slot_bytes);
  return PixelLease(lender_, slot, lender_->mapping.all().subspan(begin, lender_->slot_bytes));
}

std::int64_t PixelSlots::num_free() const {
  const std::lock_guard lock(lender_->mutex);
  return std::ssize(lender_->free);
}

}  // namespace intr
