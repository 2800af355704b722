// IoU and matching (Ren et al. 2015, §3.1.2) without the [gt, anchors] matrix. First pass: the best gt of every anchor and the best anchor of every gt;
// second pass: the decision, with the IoUs computed again. The IoU is float32, step by step. NaN ranks above every number and the first one wins, as in torch.

__device__ __forceinline__ bool exceeds(float candidate, float best) { return candidate > best || (is_nan(candidate) && !is_nan(best)); }

// Keys of unsigned integers that order as `exceeds`; −0 and +0 have one key.
__device__ __forceinline__ u32 to_key(float v) {
  if (is_nan(v)) return 0xffffffffu;
  u32 bits = __float_as_uint(v + 0.f);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

__device__ __forceinline__ float from_key(u32 key) {
  return key == 0xffffffffu ? __uint_as_float(0x7fc00000u) : __uint_as_float(key & 0x80000000u ? key & 0x7fffffffu : ~key);
}

__device__ __forceinline__ float box_iou(const float* a, const float* b, float extra) {
  float w = larger(smaller(b[2], a[2]) - larger(b[0], a[0]) + extra, 0.f), h = larger(smaller(b[3], a[3]) - larger(b[1], a[1]) + extra, 0.f);
  float both = w * h;
  return both / ((b[2] - b[0] + extra) * (b[3] - b[1] + extra) + (a[2] - a[0] + extra) * (a[3] - a[1] + extra) - both);
}

// Row g, column i: from boxes, or from a quality [gts, count] where that is given.
__device__ __forceinline__ float match_quality(const float* quality, const float* box, const float* truth, int g, int i, int count, float extra) {
  return quality != 0 ? quality[(i64)g * count + i] : box_iou(box, truth, extra);
}

#define TRUTHS_AT_ONCE 128

extern "C" __global__ void __launch_bounds__(256) match_best(const float* anchors, const float* truths, const float* quality, int count, int truth_count, float extra,
                                                             int* best_truth, float* best_value, u32* truth_best) {
  __shared__ float truth[TRUTHS_AT_ONCE][4];
  __shared__ u32 top[TRUTHS_AT_ONCE];
  int i = blockIdx.x * 256 + threadIdx.x, index = 0;
  float box[4] = {0.f, 0.f, 0.f, 0.f}, value = 0.f;
  if (i < count && quality == 0) {
    UNROLL for (int j = 0; j < 4; j++) box[j] = anchors[4 * (i64)i + j];
  }
  for (int first = 0; first < truth_count; first += TRUTHS_AT_ONCE) {
    int n = least(TRUTHS_AT_ONCE, truth_count - first);
    if ((int)threadIdx.x < n) {
      top[threadIdx.x] = 0;
      UNROLL for (int j = 0; j < 4; j++) truth[threadIdx.x][j] = quality != 0 ? 0.f : truths[4 * ((i64)first + threadIdx.x) + j];
    }
    __syncthreads();
    for (int g = 0; g < n && i < count; g++) {
      float iou = match_quality(quality, box, truth[g], first + g, i, count, extra);
      if (first + g == 0 || exceeds(iou, value)) {
        value = iou;
        index = first + g;
      }
      u32 key = to_key(iou);
      if (key > *(volatile u32*)&top[g]) atomicMax(&top[g], key);
    }
    __syncthreads();
    if ((int)threadIdx.x < n) atomicMax(&truth_best[first + threadIdx.x], top[threadIdx.x]);
    __syncthreads();
  }
  if (i < count) {
    best_truth[i] = index;
    best_value[i] = value;
  }
}
EXPORT(match_best)

extern "C" __global__ void __launch_bounds__(256) match_decide(const float* anchors, const float* truths, const float* quality, int count, int truth_count, float extra,
                                                               const int* best_truth, const float* best_value, const u32* truth_best, float high, float low,
                                                               int rescue, i64* matches) {
  __shared__ float truth[TRUTHS_AT_ONCE][4];
  __shared__ float top[TRUTHS_AT_ONCE];
  int i = blockIdx.x * 256 + threadIdx.x;
  float box[4] = {0.f, 0.f, 0.f, 0.f};
  bool rescued = false;
  if (i < count && quality == 0) {
    UNROLL for (int j = 0; j < 4; j++) box[j] = anchors[4 * (i64)i + j];
  }
  for (int first = 0; rescue && first < truth_count; first += TRUTHS_AT_ONCE) {
    int n = least(TRUTHS_AT_ONCE, truth_count - first);
    if ((int)threadIdx.x < n) {
      top[threadIdx.x] = from_key(truth_best[first + threadIdx.x]);
      UNROLL for (int j = 0; j < 4; j++) truth[threadIdx.x][j] = quality != 0 ? 0.f : truths[4 * ((i64)first + threadIdx.x) + j];
    }
    __syncthreads();
    for (int g = 0; g < n && i < count && !rescued; g++) rescued = match_quality(quality, box, truth[g], first + g, i, count, extra) == top[g];
    __syncthreads();
  }
  if (i < count) matches[i] = rescued || !(best_value[i] < high) ? best_truth[i] : best_value[i] < low ? -1 : -2;
}
EXPORT(match_decide)
