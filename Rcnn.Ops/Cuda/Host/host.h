// Runs kernels on the CPU: one block after another, the threads of a block as fibers. Blocks and threads take turns in an order drawn from a
// seed, and a thread may also lose its turn at an atomic operation, so that code which relies on an order that CUDA does not promise gives
// other results for other seeds. Shared memory is filled with noise before each block. A barrier or a warp intrinsic that some threads never reach is an error.
#include <sys/mman.h>
#include <ucontext.h>
#include <cmath>
#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#define RCNN_HOST 1
#define __global__
#define __device__ static inline
#define __forceinline__
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __shared__ static __attribute__((section("rcnn_shared")))

namespace shim {

struct Index {
  unsigned x, y, z;
};

enum State { Ready, AtBarrier, AtWarp, Done };

struct Fiber {
  Index index{};
  State state = Done;
  bool started = false;
  jmp_buf where;
  ucontext_t context;
  void* stack = nullptr;
};

struct Warp {
  uint64_t value[2][32];
  int arrived, lanes, phase;
};

constexpr int MostThreads = 1024;
constexpr size_t StackBytes = 256 * 1024;

inline Fiber fibers[MostThreads];
inline Warp warps[MostThreads / 32];
inline Fiber* current;
inline Index block_index, grid_size, block_size;
inline jmp_buf scheduler;
inline ucontext_t scheduler_context;
inline void (*kernel)(void**);
inline void** arguments;
inline std::string error;
inline uint64_t random_state;
inline int ready[MostThreads], ready_count;
inline volatile int waiting;

inline uint64_t random_bits() {
  uint64_t z = random_state += 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

inline int random_below(int n) { return (int)((random_bits() >> 32) * (uint64_t)n >> 32); }

// setjmp and longjmp switch between stacks without a system call; sanitizers know swapcontext only.
__attribute__((noinline)) inline void leave() {
#ifdef RCNN_SWAPCONTEXT
  Fiber* self = current;
  swapcontext(&self->context, &scheduler_context);
#else
  if (!_setjmp(current->where)) _longjmp(scheduler, 1);
#endif
}

__attribute__((noinline)) inline void enter(Fiber* f) {
  current = f;
#ifdef RCNN_SWAPCONTEXT
  swapcontext(&scheduler_context, &f->context);
#else
  if (_setjmp(scheduler)) return;
  if (f->started) _longjmp(f->where, 1);
  f->started = true;
  setcontext(&f->context);
#endif
}

inline void fiber_main() {
  for (;;) {
    kernel(arguments);
    current->state = Done;
    leave();
  }
}

inline void make_fiber(Fiber& f) {
  if (!f.stack) f.stack = mmap(nullptr, StackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  getcontext(&f.context);
  f.context.uc_stack.ss_sp = f.stack;
  f.context.uc_stack.ss_size = StackBytes;
  f.context.uc_link = nullptr;
  makecontext(&f.context, fiber_main, 0);
  f.started = false;
}

inline void push_ready(int thread) {
  fibers[thread].state = Ready;
  ready[ready_count++] = thread;
}

inline int self() { return (int)(current - fibers); }

inline void maybe_yield() {
  if (ready_count > 0 && random_below(4) == 0) {
    push_ready(self());
    leave();
  }
}

inline void barrier() {
  current->state = AtBarrier;
  waiting = waiting + 1;
  leave();
}

// Puts a value on the warp's board and comes back when every lane has.
inline const uint64_t* exchange(uint64_t value) {
  Warp& warp = warps[self() / 32];
  int phase = warp.phase, first = self() / 32 * 32;
  warp.value[phase][self() % 32] = value;
  if (++warp.arrived < warp.lanes) {
    current->state = AtWarp;
    leave();
  } else {
    warp.arrived = 0;
    warp.phase ^= 1;
    for (int lane = 0; lane < warp.lanes; lane++)
      if (first + lane != self()) push_ready(first + lane);
    maybe_yield();
  }
  return warp.value[phase];
}

template <class T>
uint64_t to_bits(T v) {
  uint64_t bits = 0;
  std::memcpy(&bits, &v, sizeof v);
  return bits;
}

template <class T>
T from_bits(uint64_t bits) {
  T v;
  std::memcpy(&v, &bits, sizeof v);
  return v;
}

extern "C" {
extern char __start_rcnn_shared[] __attribute__((weak, visibility("hidden")));
extern char __stop_rcnn_shared[] __attribute__((weak, visibility("hidden")));
}

inline bool run_block(int threads) {
  if (__start_rcnn_shared)
    for (char* p = __start_rcnn_shared; p + 8 <= __stop_rcnn_shared; p += 8) {
      uint64_t noise = random_bits();
      std::memcpy(p, &noise, 8);
    }
  int done = 0;
  waiting = 0;
  ready_count = 0;
  for (int w = 0; w * 32 < threads; w++) {
    warps[w].arrived = warps[w].phase = 0;
    warps[w].lanes = threads - w * 32 < 32 ? threads - w * 32 : 32;
  }
  for (int t = 0; t < threads; t++) {
    fibers[t].index = {(unsigned)t, 0, 0};
    push_ready(t);
  }
  while (done < threads) {
    if (ready_count == 0) {
      if (waiting != threads) {
        error = std::to_string(waiting) + " of " + std::to_string(threads) + " threads wait at __syncthreads, " + std::to_string(done) +
                " have ended, the others wait in a warp intrinsic: block " + std::to_string(block_index.x) + "," + std::to_string(block_index.y);
        for (int t = 0; t < threads; t++) make_fiber(fibers[t]);
        return false;
      }
      waiting = 0;
      for (int t = 0; t < threads; t++) push_ready(t);
    }
    int pick = random_below(ready_count), thread = ready[pick];
    ready[pick] = ready[--ready_count];
    enter(&fibers[thread]);
    if (fibers[thread].state == Done) done++;
  }
  return true;
}

struct Kernel {
  void (*invoke)(void**);
};

inline std::map<std::string, Kernel>& kernels() {
  static std::map<std::string, Kernel> all;
  return all;
}

template <auto F>
struct Call;

template <class... A, void (*F)(A...)>
struct Call<F> {
  template <size_t... I>
  static void unpack(void** p, std::index_sequence<I...>) {
    F(*static_cast<std::remove_reference_t<A>*>(p[I])...);
  }
  static void invoke(void** p) { unpack(p, std::index_sequence_for<A...>()); }
};

struct Registration {
  Registration(const char* name, void (*invoke)(void**)) { kernels()[name] = Kernel{invoke}; }
};

}  // namespace shim

#define EXPORT(kernel) static shim::Registration register_##kernel(#kernel, &shim::Call<kernel>::invoke);

#define threadIdx (shim::current->index)
#define blockIdx (shim::block_index)
#define gridDim (shim::grid_size)
#define blockDim (shim::block_size)

static inline void __syncthreads() { shim::barrier(); }

static inline void __syncwarp(unsigned = 0xffffffffu) { shim::exchange(0); }

static inline unsigned __ballot_sync(unsigned, int predicate) {
  const uint64_t* values = shim::exchange(predicate != 0);
  unsigned mask = 0;
  for (int lane = 0; lane < shim::warps[shim::self() / 32].lanes; lane++) mask |= (unsigned)values[lane] << lane;
  return mask;
}

template <class T>
static inline T __shfl_sync(unsigned, T value, int lane) {
  return shim::from_bits<T>(shim::exchange(shim::to_bits(value))[lane & 31]);
}

template <class T>
static inline T __shfl_xor_sync(unsigned, T value, int lanes) {
  int lane = shim::self() % 32;
  return shim::from_bits<T>(shim::exchange(shim::to_bits(value))[(lane ^ lanes) & 31]);
}

template <class T>
static inline T atomicAdd(T* at, T value) {
  shim::maybe_yield();
  T old = *at;
  *at = old + value;
  return old;
}

template <class T>
static inline T atomicMax(T* at, T value) {
  shim::maybe_yield();
  T old = *at;
  *at = value > old ? value : old;
  return old;
}

template <class T>
static inline T atomicOr(T* at, T value) {
  shim::maybe_yield();
  T old = *at;
  *at = old | value;
  return old;
}

static inline int __popc(unsigned v) { return __builtin_popcount(v); }
static inline int __popcll(unsigned long long v) { return __builtin_popcountll(v); }
static inline int __ffs(int v) { return __builtin_ffs(v); }
static inline int __ffsll(long long v) { return __builtin_ffsll(v); }
static inline unsigned __float_as_uint(float v) { return shim::from_bits<unsigned>(shim::to_bits(v)); }
static inline float __uint_as_float(unsigned v) { return shim::from_bits<float>(v); }

static inline float host_half_to_float(unsigned short h) {
  unsigned sign = (unsigned)(h & 0x8000) << 16, exponent = (h >> 10) & 31, fraction = h & 1023;
  if (exponent == 31) return __uint_as_float(sign | 0x7f800000u | fraction << 13);
  if (exponent == 0) {
    float v = std::ldexp((float)fraction, -24);
    return sign ? -v : v;
  }
  return __uint_as_float(sign | (exponent + 112) << 23 | fraction << 13);
}

// To nearest, ties to even.
static inline unsigned short host_float_to_half(float v) {
  unsigned bits = __float_as_uint(v), sign = bits >> 16 & 0x8000u;
  float size = std::fabs(v);
  if (v != v) return (unsigned short)(sign | 0x7e00u);
  if (size >= 65520.f) return (unsigned short)(sign | 0x7c00u);
  if (size < 6.103515625e-05f) return (unsigned short)(sign | (unsigned)std::nearbyint(std::ldexp(size, 24)));
  unsigned rest = bits & 0x7fffffffu;
  rest += 0xfffu + (rest >> 13 & 1u);
  return (unsigned short)(sign | ((rest - 0x38000000u) >> 13));
}

extern "C" __attribute__((visibility("default"))) const char* rcnn_host_error() { return shim::error.c_str(); }

// 0, or 1 with a text in rcnn_host_error. Not for two threads at once.
extern "C" __attribute__((visibility("default"))) int rcnn_host_launch(const char* name, const unsigned* grid, unsigned block, void** arguments, uint64_t seed) {
  auto found = shim::kernels().find(name);
  if (found == shim::kernels().end()) {
    shim::error = std::string("no kernel ") + name;
    return 1;
  }
  if (block == 0 || block > shim::MostThreads) {
    shim::error = "block of " + std::to_string(block) + " threads";
    return 1;
  }
  shim::kernel = found->second.invoke;
  shim::arguments = arguments;
  shim::random_state = seed;
  shim::grid_size = {grid[0], grid[1], grid[2]};
  shim::block_size = {block, 1, 1};
  for (unsigned t = 0; t < block; t++)
    if (!shim::fibers[t].stack) shim::make_fiber(shim::fibers[t]);
  std::vector<uint64_t> order((uint64_t)grid[0] * grid[1] * grid[2]);
  for (uint64_t i = 0; i < order.size(); i++) order[i] = i;
  for (uint64_t i = order.size(); i > 1; i--) std::swap(order[i - 1], order[shim::random_bits() % i]);
  for (uint64_t b : order) {
    shim::block_index = {(unsigned)(b % grid[0]), (unsigned)(b / grid[0] % grid[1]), (unsigned)(b / grid[0] / grid[1])};
    if (!shim::run_block((int)block)) {
      shim::error = std::string(name) + ": " + shim::error;
      return 1;
    }
  }
  return 0;
}

using std::ceil;
using std::floor;
