// RoIAlign (He et al. 2017, §3). Features and gradients of features are NHWC; the pooled side is NHWC or, staged through shared memory, NCHW.
// Values are of type T; geometry and sums are float32. Geometry is that of RoiAlignGeometry.cs, term by term.

struct RoiGeometry {
  float x, y, bin_width, bin_height, inverse_count;
  int batch, grid_width, grid_height;
};

struct AxisSample {
  int low, high;
  float low_weight, high_weight;
};

// An image index outside the batch gives batch −1.
__device__ RoiGeometry roi_geometry(const float* roi, int batch, float scale, int rows, int columns, int sampling, int aligned) {
  RoiGeometry g;
  float offset = aligned ? 0.5f : 0.f;
  g.batch = roi[0] >= 0.f && roi[0] < (float)batch ? (int)roi[0] : -1;
  g.x = roi[1] * scale - offset;
  g.y = roi[2] * scale - offset;
  float width = roi[3] * scale - offset - g.x, height = roi[4] * scale - offset - g.y;
  if (!aligned) {
    width = larger(width, 1.f);
    height = larger(height, 1.f);
  }
  g.bin_height = height / (float)rows;
  g.bin_width = width / (float)columns;
  g.grid_height = sampling > 0 ? sampling : to_int(ceilf(g.bin_height));
  g.grid_width = sampling > 0 ? sampling : to_int(ceilf(g.bin_width));
  i64 count = (i64)g.grid_height * g.grid_width;
  g.inverse_count = 1.f / (float)(count > 1 ? count : 1);
  return g;
}

__device__ __forceinline__ float sample_position(float origin, float bin, int grid, int p, int i) {
  return origin + (float)p * bin + ((float)i + 0.5f) * bin / (float)grid;
}

// The samples [from, to) that can lie between two positions: a RoI a billion cells wide must not cost a billion steps.
__device__ void sample_range(float start, float step, int grid, double low_position, double high_position, int* from, int* to) {
  double a = (low_position - start) / step, b = (high_position - start) / step;
  double low = (a < b ? a : b) - 2, high = (a < b ? b : a) + 2;
  bool known = low == low && high == high;
  *from = known ? (int)(low < 0 ? 0 : low > grid ? grid : low) : 0;
  *to = known ? (int)(high < 0 ? 0 : high > grid ? grid : high) : 0;
}

__device__ void bin_range(float origin, float bin, int grid, int p, int size, int* from, int* to) {
  *from = 0;
  *to = grid;
  if (grid > 2 * (size + 4)) sample_range(origin + (float)p * bin, bin / (float)grid, grid, -1., size, from, to);
}

// False where the position is more than one cell outside the map.
__device__ __forceinline__ bool axis_sample(float position, int size, AxisSample* s) {
  if (!(position >= -1.f && position <= (float)size)) return false;
  position = position > 0.f ? position : 0.f;
  s->low = (int)position;
  s->high = s->low + 1;
  if (s->low >= size - 1) {
    s->low = s->high = size - 1;
    position = (float)s->low;
  }
  s->high_weight = position - (float)s->low;
  s->low_weight = 1.f - s->high_weight;
  return true;
}

// Block: one RoI, 32 vectors of channels (lanes) by 8 bins (warps).
template <class T, int VEC>
__device__ void roi_align_forward(const T* features, const float* rois, const int* levels, int level, int batch, int channels, int height, int width,
                                  int rows, int columns, float scale, int sampling, int aligned, int channels_last, T* output) {
  __shared__ T tile[32 * VEC][33];  // [v · 32 + lane][bin]
  int k = blockIdx.x, lane = threadIdx.x & 31, warp = threadIdx.x >> 5, first = blockIdx.y * 32 * VEC, c = first + lane * VEC, bins = rows * columns;
  if (levels != 0 && levels[k] != level) return;
  RoiGeometry g = roi_geometry(rois + 5 * (i64)k, batch, scale, rows, columns, sampling, aligned);
  const T* image = features + (i64)(g.batch < 0 ? 0 : g.batch) * height * width * channels + c;
  for (int base = 0; base < bins; base += 32) {
    int end = least(32, bins - base);
    for (int b = warp; b < end && c < channels; b += 8) {
      int p = (base + b) / columns, q = (base + b) % columns;
      float sum[VEC];
      UNROLL for (int v = 0; v < VEC; v++) sum[v] = 0.f;
      int y0, y1, x0, x1;
      bin_range(g.y, g.bin_height, g.grid_height, p, height, &y0, &y1);
      bin_range(g.x, g.bin_width, g.grid_width, q, width, &x0, &x1);
      for (int i = g.batch < 0 ? y1 : y0; i < y1; i++) {
        AxisSample y;
        if (!axis_sample(sample_position(g.y, g.bin_height, g.grid_height, p, i), height, &y)) continue;
        const T* above = image + (i64)y.low * width * channels;
        const T* below = image + (i64)y.high * width * channels;
        for (int j = x0; j < x1; j++) {
          AxisSample x;
          if (!axis_sample(sample_position(g.x, g.bin_width, g.grid_width, q, j), width, &x)) continue;
          i64 left = (i64)x.low * channels, right = (i64)x.high * channels;
          Pack<T, VEC> al = load_pack<T, VEC>(above + left), ar = load_pack<T, VEC>(above + right);
          Pack<T, VEC> bl = load_pack<T, VEC>(below + left), br = load_pack<T, VEC>(below + right);
          UNROLL for (int v = 0; v < VEC; v++) {
            float a = fmaf(x.high_weight, widen(ar.at[v]), x.low_weight * widen(al.at[v]));
            float b2 = fmaf(x.high_weight, widen(br.at[v]), x.low_weight * widen(bl.at[v]));
            sum[v] = fmaf(y.low_weight, a, fmaf(y.high_weight, b2, sum[v]));
          }
        }
      }
      Pack<T, VEC> result;
      UNROLL for (int v = 0; v < VEC; v++) {
        narrow(sum[v] * g.inverse_count, result.at[v]);
        if (!channels_last) tile[v * 32 + lane][b] = result.at[v];
      }
      if (channels_last) store_pack<T, VEC>(output + ((i64)k * bins + base + b) * channels + c, result);
    }
    if (channels_last) continue;
    __syncthreads();
    for (int row = warp; row < 32 * VEC; row += 8) {
      int channel = first + (row & 31) * VEC + (row >> 5);
      if (channel < channels && lane < end) output[((i64)k * channels + channel) * bins + base + lane] = tile[row][lane];
    }
    __syncthreads();
  }
}

// The weight with which the samples of bin p read a cell; 0 where they do not reach it.
__device__ float cell_weight(float origin, float bin, int grid, int p, int cell, int size) {
  int from = 0, to = grid;
  if (grid > 8)
    sample_range(origin + (float)p * bin, bin / (float)grid, grid, cell == 0 ? -1. : cell - 1., cell == size - 1 ? size : cell + 1., &from, &to);
  float sum = 0.f;
  for (int i = from; i < to; i++) {
    AxisSample s;
    if (!axis_sample(sample_position(origin, bin, grid, p, i), size, &s)) continue;
    if (s.low == cell) sum += s.low_weight;
    if (s.high == cell) sum += s.high_weight;
  }
  return sum;
}

// The same of one sample.
__device__ float sample_weight(float origin, float bin, int grid, int p, int i, int cell, int size) {
  AxisSample s;
  if (!axis_sample(sample_position(origin, bin, grid, p, i), size, &s)) return 0.f;
  return (s.low == cell ? s.low_weight : 0.f) + (s.high == cell ? s.high_weight : 0.f);
}

// Whether samples between two positions can reach cells low … high; generous, as rounding may move a sample.
__device__ __forceinline__ bool may_reach(float start, float end, int low, int high) {
  float slack = 2.f + 1e-6f * (fabsf(start) + fabsf(end));
  return !(larger(start, end) + slack < (float)low || smaller(start, end) - slack > (float)high);
}

// A gather, so that no sum depends on an order of threads: each warp owns one cell and 32 vectors of channels and adds what the bins of each RoI,
// in order, give to it (with MAX, through the sample that won; VEC is 1 then). Block: 4×2 cells, which share the list of RoIs that reach them. A lane computes the weight of one row or column of bins.
template <class T, int VEC, bool MAX>
__device__ void roi_align_backward(const T* pooled, const int* winners, const float* rois, const int* levels, int level, int count, int batch, int channels, int height,
                                   int width, int rows, int columns, float scale, int sampling, int aligned, T* gradient) {
  __shared__ RoiGeometry near[256];
  __shared__ int near_index[256];
  __shared__ int warp_hits[8];
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, tiles_x = (width + 3) / 4, tiles_y = (height + 1) / 2;
  int tile = blockIdx.x, image = tile / (tiles_x * tiles_y), top = tile / tiles_x % tiles_y * 2, left = tile % tiles_x * 4;
  int x = left + (warp & 3), y = top + (warp >> 2), c = (blockIdx.y * 32 + lane) * VEC, bins = rows * columns;
  float sum[VEC];
  UNROLL for (int v = 0; v < VEC; v++) sum[v] = 0.f;
  for (int first = 0; first < count; first += 256) {
    int k = first + (int)threadIdx.x;
    bool hit = false;
    RoiGeometry g;
    if (k < count && (levels == 0 || levels[k] == level)) {
      g = roi_geometry(rois + 5 * (i64)k, batch, scale, rows, columns, sampling, aligned);
      hit = g.batch == image && may_reach(g.y, g.y + (float)rows * g.bin_height, top, top + 1) &&
            may_reach(g.x, g.x + (float)columns * g.bin_width, left, left + 3);
    }
    u32 hits = __ballot_sync(ALL_LANES, hit);
    if (lane == 0) warp_hits[warp] = __popc(hits);
    __syncthreads();
    int slot = 0, total = 0;
    for (int w = 0; w < 8; w++) {
      if (w < warp) slot += warp_hits[w];
      total += warp_hits[w];
    }
    if (hit) {
      slot += __popc(hits & ((1u << lane) - 1u));
      near[slot] = g;
      near_index[slot] = k;
    }
    __syncthreads();
    for (int h = 0; h < total; h++) {
      const RoiGeometry& r = near[h];
      for (int p0 = 0; p0 < rows; p0 += 16) {
        for (int q0 = 0; q0 < columns; q0 += 16) {
          int p = p0 + lane, q = q0 + lane - 16;
          float weight = lane < 16 ? (p < rows ? cell_weight(r.y, r.bin_height, r.grid_height, p, y, height) : 0.f)
                                   : (q < columns ? cell_weight(r.x, r.bin_width, r.grid_width, q, x, width) : 0.f);
          u32 reached = __ballot_sync(ALL_LANES, weight != 0.f);
          for (u32 ys = reached & 0xffffu; ys != 0 && reached >> 16 != 0; ys &= ys - 1) {
            int py = __ffs((int)ys) - 1;
            float wy = __shfl_sync(ALL_LANES, weight, py) * r.inverse_count;
            for (u32 xs = reached >> 16; xs != 0; xs &= xs - 1) {
              int qx = __ffs((int)xs) - 1;
              float w = wy * __shfl_sync(ALL_LANES, weight, 16 + qx);
              i64 at = ((i64)near_index[h] * bins + (p0 + py) * columns + q0 + qx) * channels + c;
              if (c < channels && !MAX) {
                Pack<T, VEC> g2 = load_pack<T, VEC>(pooled + at);
                UNROLL for (int v = 0; v < VEC; v++) sum[v] = fmaf(w, widen(g2.at[v]), sum[v]);
              }
              if (c < channels && MAX && winners[at] >= 0) {
                int from_y, to_y, from_x, to_x, won = winners[at];
                bin_range(r.y, r.bin_height, r.grid_height, p0 + py, height, &from_y, &to_y);
                bin_range(r.x, r.bin_width, r.grid_width, q0 + qx, width, &from_x, &to_x);
                float own = sample_weight(r.y, r.bin_height, r.grid_height, p0 + py, from_y + won / (to_x - from_x), y, height) *
                            sample_weight(r.x, r.bin_width, r.grid_width, q0 + qx, from_x + won % (to_x - from_x), x, width);
                sum[0] = fmaf(own, widen(pooled[at]), sum[0]);
              }
            }
          }
        }
      }
    }
    __syncthreads();
  }
  if (c < channels && x < width && y < height) {
    Pack<T, VEC> result;
    UNROLL for (int v = 0; v < VEC; v++) narrow(sum[v], result.at[v]);
    store_pack<T, VEC>(gradient + (((i64)image * height + y) * width + x) * channels + c, result);
  }
}

// The value of one sample; weights are multiplied first, and cells of weight 0 are not read, as on the CPU.
template <class T>
__device__ float sample_value(const T* image, const AxisSample& y, const AxisSample& x, i64 row, i64 cell, int v) {
  float sum = 0.f;
  UNROLL for (int corner = 0; corner < 4; corner++) {
    float weight = (corner < 2 ? y.low_weight : y.high_weight) * ((corner & 1) == 0 ? x.low_weight : x.high_weight);
    if (weight != 0.f) sum = fmaf(weight, widen(image[(corner < 2 ? y.low : y.high) * row + ((corner & 1) == 0 ? x.low : x.high) * cell + v]), sum);
  }
  return sum;
}

__device__ int samples_inside(float origin, float bin, int grid, int p, int size, int from, int to) {
  int n = 0;
  AxisSample s;
  for (int i = from; i < to; i++) n += axis_sample(sample_position(origin, bin, grid, p, i), size, &s);
  return n;
}

// The maximum of a bin's samples; those outside the map count as 0. `winners` [K,P_h,P_w,C]: the sample that won, counted in the range that can lie in
// the map, −1 for none; may be null. One channel a thread: the maximum is no matter of bandwidth.
template <class T>
__device__ void roi_align_max_forward(const T* features, const float* rois, const int* levels, int level, int batch, int channels, int height, int width,
                                      int rows, int columns, float scale, int sampling, int aligned, int channels_last, T* output, int* winners) {
  int k = blockIdx.x, lane = threadIdx.x & 31, warp = threadIdx.x >> 5, c = blockIdx.y * 32 + lane, bins = rows * columns;
  if (c >= channels || (levels != 0 && levels[k] != level)) return;
  RoiGeometry g = roi_geometry(rois + 5 * (i64)k, batch, scale, rows, columns, sampling, aligned);
  const T* image = features + (i64)(g.batch < 0 ? 0 : g.batch) * height * width * channels;
  for (int b = warp; b < bins; b += 8) {
    int p = b / columns, q = b % columns, y0, y1, x0, x1;
    bin_range(g.y, g.bin_height, g.grid_height, p, height, &y0, &y1);
    bin_range(g.x, g.bin_width, g.grid_width, q, width, &x0, &x1);
    int inside_y = samples_inside(g.y, g.bin_height, g.grid_height, p, height, y0, y1), inside_x = samples_inside(g.x, g.bin_width, g.grid_width, q, width, x0, x1);
    bool empty = g.batch < 0 || inside_y == 0 || inside_x == 0;
    float best = empty ? 0.f : -3.402823466e+38f;
    int won = -1;
    for (int i = y0; i < y1 && !empty; i++) {
      AxisSample y, x;
      if (!axis_sample(sample_position(g.y, g.bin_height, g.grid_height, p, i), height, &y)) continue;
      for (int j = x0; j < x1; j++) {
        if (!axis_sample(sample_position(g.x, g.bin_width, g.grid_width, q, j), width, &x)) continue;
        float value = sample_value(image, y, x, (i64)width * channels, channels, c);
        if (value > best) {
          best = value;
          won = (i - y0) * (x1 - x0) + j - x0;
        }
      }
    }
    if (g.grid_height > 0 && g.grid_width > 0 && (inside_y < g.grid_height || inside_x < g.grid_width) && 0.f > best) {
      best = 0.f;
      won = -1;
    }
    narrow(best, output[channels_last ? ((i64)k * bins + b) * channels + c : ((i64)k * channels + c) * bins + b]);
    if (winners != 0) winners[((i64)k * bins + b) * channels + c] = won;
  }
}

// All RoI kernels have these two parameter lists.
#define FORWARD(T)                                                                                                                              \
  (const T* features, const float* rois, const int* levels, int level, int batch, int channels, int height, int width, int rows, int columns,   \
   float scale, int sampling, int aligned, int channels_last, T* output, int* winners)
#define BACKWARD(T)                                                                                                                             \
  (const T* pooled, const int* winners, const float* rois, const int* levels, int level, int count, int batch, int channels, int height,        \
   int width, int rows, int columns, float scale, int sampling, int aligned, T* gradient)
#define BACKWARD_ARGUMENTS                                                                                                                      \
  (pooled, winners, rois, levels, level, count, batch, channels, height, width, rows, columns, scale, sampling, aligned, gradient)

#define ROI_ALIGN(T, VEC, NAME)                                                                                                                 \
  extern "C" __global__ void __launch_bounds__(256) roi_align_forward_##NAME FORWARD(T) {                                                       \
    (void)winners;                                                                                                                              \
    roi_align_forward<T, VEC>(features, rois, levels, level, batch, channels, height, width, rows, columns, scale, sampling, aligned,           \
                              channels_last, output);                                                                                           \
  }                                                                                                                                             \
  EXPORT(roi_align_forward_##NAME)                                                                                                              \
  extern "C" __global__ void __launch_bounds__(256) roi_align_backward_##NAME BACKWARD(T) {                                                     \
    roi_align_backward<T, VEC, false> BACKWARD_ARGUMENTS;                                                                                       \
  }                                                                                                                                             \
  EXPORT(roi_align_backward_##NAME)

#define ROI_ALIGN_MAX(T, NAME)                                                                                                                  \
  extern "C" __global__ void __launch_bounds__(256) roi_align_max_forward_##NAME FORWARD(T) {                                                   \
    roi_align_max_forward<T>(features, rois, levels, level, batch, channels, height, width, rows, columns, scale, sampling, aligned,            \
                             channels_last, output, winners);                                                                                   \
  }                                                                                                                                             \
  EXPORT(roi_align_max_forward_##NAME)                                                                                                          \
  extern "C" __global__ void __launch_bounds__(256) roi_align_max_backward_##NAME BACKWARD(T) {                                                 \
    roi_align_backward<T, 1, true> BACKWARD_ARGUMENTS;                                                                                          \
  }                                                                                                                                             \
  EXPORT(roi_align_max_backward_##NAME)

ROI_ALIGN(float, 4, f32_vector)
ROI_ALIGN(float, 1, f32_scalar)
ROI_ALIGN(half16, 8, f16_vector)
ROI_ALIGN(half16, 1, f16_scalar)
ROI_ALIGN(bfloat16, 8, bf16_vector)
ROI_ALIGN(bfloat16, 1, bf16_scalar)
ROI_ALIGN_MAX(float, f32_scalar)
ROI_ALIGN_MAX(half16, f16_scalar)
ROI_ALIGN_MAX(bfloat16, bf16_scalar)
