// The allocator of CPU tensors. glibc's aligned_alloc cannot reuse the block that a tensor of the same size left behind (it asks for more than it
// gives), so with buffers of 1 to 50 MB the heap grows by half over what is alive; blocks taken from the kernel one by one are cleared by it each time.
// Here large blocks come from one reserved range of addresses, in large pages where the kernel grants them, the smallest free piece that fits first,
// neighbours joined again. What was touched once stays in the process up to the most that was ever alive and some slack.
#include "allocator.h"
#include <torch/version.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <set>
#include <unordered_map>

namespace {

constexpr size_t Alignment = 64;
constexpr size_t Large = size_t(1) << 20;
// Successive blocks begin at different offsets within a page: caches and store buffers mistake equal offsets for equal addresses.
constexpr size_t Stagger = 3 * Alignment;

class Arena {
 public:
  // Address space only; null members where the kernel grants none, and everything then goes to glibc.
  Arena() {
    size_t wanted = size_t(sysconf(_SC_PHYS_PAGES)) * size_t(sysconf(_SC_PAGESIZE));
    void* range = mmap(nullptr, wanted + HugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) return;
    base_ = (char*)((uintptr_t(range) + HugePage - 1) / HugePage * HugePage);
    size_ = wanted;
    madvise(base_, size_, MADV_HUGEPAGE);
  }

  // Null when the range is used up.
  void* take(size_t bytes) {
    if (bytes > size_) return nullptr;
    bytes = (bytes + Alignment - 1) / Alignment * Alignment + Stagger;
    std::lock_guard<std::mutex> lock(mutex_);
    auto fit = by_size_.lower_bound({bytes, 0});
    size_t start;
    if (fit != by_size_.end()) {
      auto [found, offset] = *fit;
      by_size_.erase(fit);
      by_offset_.erase(offset);
      if (found > bytes) add(offset + bytes, found - bytes);
      start = offset;
    } else {
      // The piece at the end, if it is free, and as much more as is missing.
      start = top_;
      if (!by_offset_.empty()) {
        auto last = std::prev(by_offset_.end());
        if (last->first + last->second == top_) start = last->first;
      }
      if (start + bytes > size_) return nullptr;
      if (start < top_) remove(start);
      top_ = start + bytes;
    }
    used_[start] = bytes;
    return base_ + start;
  }

  bool owns(void* block) const { return base_ && block >= base_ && block < base_ + size_; }

  void give(void* block) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto entry = used_.find(size_t((char*)block - base_));
    size_t offset = entry->first, bytes = entry->second;
    used_.erase(entry);
    auto next = by_offset_.lower_bound(offset);
    if (next != by_offset_.end() && next->first == offset + bytes) {
      bytes += next->second;
      remove(next->first);
    }
    auto before = by_offset_.lower_bound(offset);
    if (before != by_offset_.begin() && (--before)->first + before->second == offset) {
      size_t first = before->first;
      bytes += before->second;
      remove(first);
      offset = first;
    }
    add(offset, bytes);
  }

 private:
  static constexpr size_t HugePage = size_t(2) << 20;

  void add(size_t offset, size_t bytes) {
    by_offset_[offset] = bytes;
    by_size_.insert({bytes, offset});
  }

  void remove(size_t offset) {
    auto entry = by_offset_.find(offset);
    by_size_.erase({entry->second, offset});
    by_offset_.erase(entry);
  }

  std::mutex mutex_;
  char* base_ = nullptr;
  size_t size_ = 0;
  size_t top_ = 0;
  std::map<size_t, size_t> by_offset_;
  std::set<std::pair<size_t, size_t>> by_size_;
  std::unordered_map<size_t, size_t> used_;
};

// Never destroyed: tensors may outlive static objects.
Arena& arena() {
  static Arena* only = new Arena();
  return *only;
}

void release(void* block) {
  if (!block) return;
  if (arena().owns(block)) arena().give(block);
  else std::free(block);
}

// libtorch 2.3 made allocate non-const and asks for copy_data; a method that overrides nothing does no harm.
struct Blocks final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) const {
    void* block = nullptr;
    if (bytes >= Large) block = arena().take(bytes);
    if (!block && bytes > 0) {
      if (posix_memalign(&block, Alignment, bytes) != 0) {
        TORCH_CHECK(false, "not enough memory: ", bytes, " bytes asked for");
      }
    }
    return {block, block, &release, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DataPtr allocate(size_t bytes) { return ((const Blocks*)this)->allocate(bytes); }
  void copy_data(void* to, const void* from, size_t count) const { std::memcpy(to, from, count); }
  c10::DeleterFnPtr raw_deleter() const { return &release; }
};

}  // namespace

void rcnn_install_allocator() {
  static Blocks* blocks = new Blocks();
  c10::SetCPUAllocator(blocks);
}
