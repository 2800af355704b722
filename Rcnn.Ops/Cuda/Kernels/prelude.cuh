// Stands before every kernel source. One source, three compilers: NVRTC, clang's CUDA front end (after clang.h) and g++ (after host.h).
// Rules that keep it so: no headers; free functions only, marked __device__; blocks are one-dimensional; every thread of a block reaches every
// __syncthreads, every lane of a warp every warp intrinsic; EXPORT after each kernel. All is compiled without contraction of a·b + c, so that
// comparisons (IoU against a threshold, borders of bins) come out as on the CPU to the bit; sums that may be fused say fmaf.

typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

#ifndef EXPORT
#define EXPORT(kernel)
#endif

#define UNROLL _Pragma("unroll")
#define ALL_LANES 0xffffffffu

struct half16 {
  u16 bits;
};

struct bfloat16 {
  u16 bits;
};

__device__ __forceinline__ float widen(float v) { return v; }

__device__ __forceinline__ float widen(bfloat16 v) { return __uint_as_float((u32)v.bits << 16); }

__device__ __forceinline__ void narrow(float v, float& to) { to = v; }

__device__ __forceinline__ void narrow(float v, bfloat16& to) {
  u32 bits = __float_as_uint(v);
  to.bits = v == v ? (u16)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16) : (u16)0x7fc0;
}

#ifdef RCNN_HOST
__device__ float widen(half16 v) { return host_half_to_float(v.bits); }

__device__ void narrow(float v, half16& to) { to.bits = host_float_to_half(v); }
#else
__device__ __forceinline__ float widen(half16 v) {
  float result;
  asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(v.bits));
  return result;
}

__device__ __forceinline__ void narrow(float v, half16& to) { asm("cvt.rn.f16.f32 %0, %1;" : "=h"(to.bits) : "f"(v)); }
#endif

// N neighbours in memory, read and written at once; the address is a multiple of their size.
template <class T, int N>
struct alignas(sizeof(T) * N) Pack {
  T at[N];
};

template <class T, int N>
__device__ __forceinline__ Pack<T, N> load_pack(const T* p) {
  return *reinterpret_cast<const Pack<T, N>*>(p);
}

template <class T, int N>
__device__ __forceinline__ void store_pack(T* p, const Pack<T, N>& value) {
  *reinterpret_cast<Pack<T, N>*>(p) = value;
}

// b where either is NaN, as the CPU's lanes.
__device__ __forceinline__ float larger(float a, float b) { return a > b ? a : b; }

__device__ __forceinline__ float smaller(float a, float b) { return a < b ? a : b; }

__device__ __forceinline__ int least(int a, int b) { return a < b ? a : b; }

__device__ __forceinline__ int most(int a, int b) { return a > b ? a : b; }

__device__ __forceinline__ i64 limit(i64 v, i64 low, i64 high) { return v < low ? low : v > high ? high : v; }

// Towards zero; saturates; NaN gives 0.
__device__ __forceinline__ int to_int(float v) {
  return v >= 2147483648.f ? 2147483647 : v <= -2147483648.f ? -2147483647 - 1 : v == v ? (int)v : 0;
}

__device__ __forceinline__ i64 to_long(float v) {
  return v >= 9223372036854775808.f ? 9223372036854775807ll : v <= -9223372036854775808.f ? -9223372036854775807ll - 1 : v == v ? (i64)v : 0;
}

__device__ __forceinline__ bool is_nan(float v) { return v != v; }

__device__ __forceinline__ bool is_finite(float v) { return v - v == 0.f; }
