// Greedy suppression in two kernels: which boxes of each block of 64 suppress which (one bit a pair, both in order of score), then one block of
// threads that walks through the blocks of boxes. Nothing is read back by the host in between.

// How the classes are kept apart; torchvision's rule on a CPU. Up to `limit` valid boxes: by moving each by class · (largest coordinate + 1), and all
// become one class; above: by the class itself. `summary` holds the number of valid boxes, and the largest coordinate of those, as floats' bits.
extern "C" __global__ void nms_prepare(const float* boxes, const i64* order, const i64* classes, const unsigned char* valid, const int* valid_count,
                                       const float* largest, int limit, int count, float* sorted, i64* sorted_classes, unsigned char* sorted_valid) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  i64 from = order[i], own = classes == 0 ? 0 : classes[from];
  float offset = 0.f;
  if (classes != 0 && *valid_count <= limit) {
    offset = (float)own * (*largest + 1.f);
    own = 0;
  }
  UNROLL for (int j = 0; j < 4; j++) {
    float v = boxes[4 * from + j];
    sorted[4 * (i64)i + j] = classes == 0 ? v : v + offset;
  }
  sorted_classes[i] = own;
  sorted_valid[i] = valid == 0 ? 1 : valid[from];
}
EXPORT(nms_prepare)

// Block (column, row) of 64 threads: bit j of word [64·row + thread, column] says that box 64·row + thread suppresses box 64·column + j. Blocks below
// the diagonal are not needed and not written. `extra` is added to each side. The IoU is float32, step by step; it exceeds the double threshold exactly when it exceeds `threshold`.
extern "C" __global__ void __launch_bounds__(64) nms_overlaps(const float* boxes, const i64* classes, int count, float extra, float threshold, u64* suppresses) {
  __shared__ float other[64][5];
  __shared__ i64 other_class[64];
  int column = blockIdx.x, row = blockIdx.y, t = threadIdx.x, words = (count + 63) / 64;
  if (column < row) return;
  int j = column * 64 + t, i = row * 64 + t, others = least(64, count - column * 64);
  if (j < count) {
    UNROLL for (int k = 0; k < 4; k++) other[t][k] = boxes[4 * (i64)j + k];
    other[t][4] = (other[t][2] - other[t][0] + extra) * (other[t][3] - other[t][1] + extra);
    other_class[t] = classes[j];
  }
  __syncthreads();
  if (i >= count) return;
  float x1 = boxes[4 * (i64)i], y1 = boxes[4 * (i64)i + 1], x2 = boxes[4 * (i64)i + 2], y2 = boxes[4 * (i64)i + 3];
  float area = (x2 - x1 + extra) * (y2 - y1 + extra);
  i64 own = classes[i];
  u64 bits = 0;
  for (int k = row == column ? t + 1 : 0; k < others; k++) {
    float w = larger(smaller(x2, other[k][2]) - larger(x1, other[k][0]) + extra, 0.f);
    float h = larger(smaller(y2, other[k][3]) - larger(y1, other[k][1]) + extra, 0.f);
    float both = w * h;
    if (both / (area + other[k][4] - both) > threshold && other_class[k] == own) bits |= 1ull << k;
  }
  suppresses[(i64)i * words + column] = bits;
}
EXPORT(nms_overlaps)

#define MOST_WORDS 4096

// One block of 1024 threads. Boxes that are not valid count as suppressed and suppress nothing. Writes the kept indices and their number.
extern "C" __global__ void __launch_bounds__(1024) nms_reduce(const u64* suppresses, const i64* order, const unsigned char* valid, int count, int limit, i64* keep, int* kept) {
  __shared__ u64 gone[MOST_WORDS];
  __shared__ u64 diagonal[64];
  __shared__ int survivors[64];
  __shared__ int survivor_count, total;
  int t = threadIdx.x, words = (count + 63) / 64;
  if (t == 0) total = 0;
  for (int w = t; w < words; w += 1024) {
    u64 bits = 0;
    for (int j = 0; j < 64; j++)
      if (w * 64 + j >= count || !valid[w * 64 + j]) bits |= 1ull << j;
    gone[w] = bits;
  }
  for (int w = 0; w < words; w++) {
    if (t < 64 && w * 64 + t < count) diagonal[t] = suppresses[((i64)w * 64 + t) * words + w];
    __syncthreads();
    if (t == 0) {
      int n = 0;
      for (u64 left = ~gone[w]; left != 0 && total + n < limit;) {
        int i = __ffsll((i64)left) - 1;
        survivors[n++] = i;
        left &= left - 1;
        left &= ~diagonal[i];
      }
      survivor_count = n;
    }
    __syncthreads();
    int n = survivor_count, base = total, rest = words - w - 1;
    if (t < n) keep[base + t] = order[(i64)w * 64 + survivors[t]];
    for (int item = t; item < n * rest; item += 1024) {
      int column = w + 1 + item % rest;
      u64 bits = suppresses[((i64)w * 64 + survivors[item / rest]) * words + column];
      if (bits != 0) atomicOr(&gone[column], bits);
    }
    __syncthreads();
    if (t == 0) total = base + n;
    __syncthreads();
    if (total >= limit) break;
  }
  if (t == 0) *kept = total;
}
EXPORT(nms_reduce)
