// What clang's CUDA front end needs where no CUDA toolkit is installed: the words of the language and the intrinsics that the kernels use.
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))

struct Index {
  unsigned x, y, z;
};
#define threadIdx (Index{(unsigned)__nvvm_read_ptx_sreg_tid_x(), 0, 0})
#define blockIdx (Index{(unsigned)__nvvm_read_ptx_sreg_ctaid_x(), (unsigned)__nvvm_read_ptx_sreg_ctaid_y(), (unsigned)__nvvm_read_ptx_sreg_ctaid_z()})
#define blockDim (Index{(unsigned)__nvvm_read_ptx_sreg_ntid_x(), 1, 1})
#define gridDim (Index{(unsigned)__nvvm_read_ptx_sreg_nctaid_x(), (unsigned)__nvvm_read_ptx_sreg_nctaid_y(), (unsigned)__nvvm_read_ptx_sreg_nctaid_z()})

__device__ inline void __syncwarp(unsigned mask = 0xffffffffu) { __nvvm_bar_warp_sync(mask); }
__device__ inline unsigned __ballot_sync(unsigned mask, int predicate) { return __nvvm_vote_ballot_sync(mask, predicate != 0); }
__device__ inline int __shfl_sync(unsigned mask, int v, int lane) { return __nvvm_shfl_sync_idx_i32(mask, v, lane, 31); }
__device__ inline float __shfl_sync(unsigned mask, float v, int lane) { return __nvvm_shfl_sync_idx_f32(mask, v, lane, 31); }
__device__ inline float __shfl_xor_sync(unsigned mask, float v, int lanes) { return __nvvm_shfl_sync_bfly_f32(mask, v, lanes, 31); }
__device__ inline int atomicAdd(int* at, int v) { return __atomic_fetch_add(at, v, __ATOMIC_RELAXED); }
__device__ inline unsigned atomicMax(unsigned* at, unsigned v) { return __nvvm_atom_max_gen_ui(at, v); }
__device__ inline unsigned long long atomicOr(unsigned long long* at, unsigned long long v) { return __nvvm_atom_or_gen_ll((long long*)at, (long long)v); }
__device__ inline int __popc(unsigned v) { return __builtin_popcount(v); }
__device__ inline int __popcll(unsigned long long v) { return __builtin_popcountll(v); }
__device__ inline int __ffs(int v) { return __builtin_ffs(v); }
__device__ inline int __ffsll(long long v) { return __builtin_ffsll(v); }
__device__ inline unsigned __float_as_uint(float v) { return __nvvm_bitcast_f2i(v); }
__device__ inline float __uint_as_float(unsigned v) { return __nvvm_bitcast_i2f(v); }

extern "C" {
__device__ float fmaf(float, float, float);
__device__ float ceilf(float);
__device__ float floorf(float);
__device__ float roundf(float);
__device__ float rintf(float);
__device__ float fabsf(float);
__device__ float expf(float);
__device__ float logf(float);
__device__ float log1pf(float);
__device__ float log2f(float);
__device__ float powf(float, float);
__device__ float sqrtf(float);
__device__ double exp(double);
__device__ double log(double);
__device__ double pow(double, double);
}
