// RoIPool (Girshick 2015, §2.1). Layouts as in roi_align.cu; geometry is that of RoiPoolRegion, term by term.

struct PoolRegion {
  float bin_width, bin_height;
  int x, y, batch;
};

__device__ __forceinline__ int pool_round(float v, int half_to_even) { return to_int(half_to_even ? rintf(v) : roundf(v)); }

// An image index outside the batch gives batch −1.
__device__ PoolRegion pool_region(const float* roi, int batch, float scale, int rows, int columns, int half_to_even) {
  PoolRegion r;
  r.batch = roi[0] >= 0.f && roi[0] < (float)batch ? (int)roi[0] : -1;
  r.x = pool_round(roi[1] * scale, half_to_even);
  r.y = pool_round(roi[2] * scale, half_to_even);
  i64 height = (i64)pool_round(roi[4] * scale, half_to_even) - r.y + 1, width = (i64)pool_round(roi[3] * scale, half_to_even) - r.x + 1;
  r.bin_height = (float)(height > 1 ? height : 1) / (float)rows;
  r.bin_width = (float)(width > 1 ? width : 1) / (float)columns;
  return r;
}

// Cells [from, to) of one bin along an axis, clipped to the map.
__device__ __forceinline__ void pool_cells(int bin, float bin_size, int start, int size, int* from, int* to) {
  *from = (int)limit(to_long(floorf((float)bin * bin_size)) + start, 0, size);
  *to = (int)limit(to_long(ceilf((float)(bin + 1) * bin_size)) + start, 0, size);
}

#define LOWEST -3.402823466e+38f

// Block: one RoI, 32 vectors of channels (lanes) by 8 bins (warps). `winners` [K,P_h,P_w,C]: y·W + x of each maximum, −1 in an empty bin; may be null.
template <class T, int VEC>
__device__ void roi_pool_forward(const T* features, const float* rois, const int* levels, int level, int batch, int channels, int height, int width,
                                 int rows, int columns, float scale, int half_to_even, int channels_last, T* output, int* winners) {
  __shared__ T tile[32 * VEC][33];
  int k = blockIdx.x, lane = threadIdx.x & 31, warp = threadIdx.x >> 5, first = blockIdx.y * 32 * VEC, c = first + lane * VEC, bins = rows * columns;
  if (levels != 0 && levels[k] != level) return;
  PoolRegion r = pool_region(rois + 5 * (i64)k, batch, scale, rows, columns, half_to_even);
  const T* image = features + (i64)(r.batch < 0 ? 0 : r.batch) * height * width * channels + c;
  for (int base = 0; base < bins; base += 32) {
    int end = least(32, bins - base);
    for (int b = warp; b < end && c < channels; b += 8) {
      int y0, y1, x0, x1;
      pool_cells((base + b) / columns, r.bin_height, r.y, height, &y0, &y1);
      pool_cells((base + b) % columns, r.bin_width, r.x, width, &x0, &x1);
      if (r.batch < 0) y1 = y0;
      float best[VEC];
      int won[VEC];
      UNROLL for (int v = 0; v < VEC; v++) {
        best[v] = y1 <= y0 || x1 <= x0 ? 0.f : LOWEST;
        won[v] = -1;
      }
      for (int y = y0; y < y1; y++) {
        for (int x = x0; x < x1; x++) {
          Pack<T, VEC> cell = load_pack<T, VEC>(image + ((i64)y * width + x) * channels);
          UNROLL for (int v = 0; v < VEC; v++) {
            float value = widen(cell.at[v]);
            if (value > best[v]) {
              best[v] = value;
              won[v] = y * width + x;
            }
          }
        }
      }
      Pack<T, VEC> result;
      UNROLL for (int v = 0; v < VEC; v++) {
        narrow(best[v], result.at[v]);
        if (!channels_last) tile[v * 32 + lane][b] = result.at[v];
        if (winners != 0) winners[((i64)k * bins + base + b) * channels + c + v] = won[v];
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

// A gather in the order of RoIs and bins, as in roi_align.cu: each warp owns one cell and adds the gradient of the bins that it has won. Both sides NHWC.
template <class T, int VEC>
__device__ void roi_pool_backward(const T* pooled, const int* winners, const float* rois, const int* levels, int level, int count, int batch, int channels,
                                  int height, int width, int rows, int columns, float scale, int half_to_even, T* gradient) {
  __shared__ PoolRegion near[256];
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
    PoolRegion r;
    if (k < count && (levels == 0 || levels[k] == level)) {
      r = pool_region(rois + 5 * (i64)k, batch, scale, rows, columns, half_to_even);
      // One cell more on each side than the bins can take.
      double bottom = (double)r.y + (double)r.bin_height * rows + 2, right = (double)r.x + (double)r.bin_width * columns + 2;
      hit = r.batch == image && (double)r.y - 1 <= top + 1 && bottom >= top && (double)r.x - 1 <= left + 3 && right >= left;
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
      near[slot] = r;
      near_index[slot] = k;
    }
    __syncthreads();
    for (int h = 0; h < total; h++) {
      const PoolRegion& n = near[h];
      for (int p0 = 0; p0 < rows; p0 += 16) {
        for (int q0 = 0; q0 < columns; q0 += 16) {
          int p = p0 + lane, q = q0 + lane - 16, from = 0, to = 0;
          if (lane < 16 && p < rows) pool_cells(p, n.bin_height, n.y, height, &from, &to);
          if (lane >= 16 && q < columns) pool_cells(q, n.bin_width, n.x, width, &from, &to);
          int cell = lane < 16 ? y : x;
          u32 reached = __ballot_sync(ALL_LANES, from <= cell && cell < to);
          for (u32 ys = reached & 0xffffu; ys != 0 && c < channels; ys &= ys - 1) {
            for (u32 xs = reached >> 16; xs != 0; xs &= xs - 1) {
              i64 at = ((i64)near_index[h] * bins + (p0 + __ffs((int)ys) - 1) * columns + q0 + __ffs((int)xs) - 1) * channels + c;
              UNROLL for (int v = 0; v < VEC; v++)
                if (winners[at + v] == y * width + x) sum[v] += widen(pooled[at + v]);
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

#define ROI_POOL(T, VEC, NAME)                                                                                                                  \
  extern "C" __global__ void __launch_bounds__(256) roi_pool_forward_##NAME(                                                                    \
      const T* features, const float* rois, const int* levels, int level, int batch, int channels, int height, int width, int rows,             \
      int columns, float scale, int half_to_even, int, int channels_last, T* output, int* winners) {                                            \
    roi_pool_forward<T, VEC>(features, rois, levels, level, batch, channels, height, width, rows, columns, scale, half_to_even, channels_last,  \
                             output, winners);                                                                                                  \
  }                                                                                                                                             \
  EXPORT(roi_pool_forward_##NAME)                                                                                                               \
  extern "C" __global__ void __launch_bounds__(256) roi_pool_backward_##NAME(                                                                   \
      const T* pooled, const int* winners, const float* rois, const int* levels, int level, int count, int batch, int channels, int height,     \
      int width, int rows, int columns, float scale, int half_to_even, int, T* gradient) {                                                      \
    roi_pool_backward<T, VEC>(pooled, winners, rois, levels, level, count, batch, channels, height, width, rows, columns, scale, half_to_even,  \
                              gradient);                                                                                                        \
  }                                                                                                                                             \
  EXPORT(roi_pool_backward_##NAME)

ROI_POOL(float, 4, f32_vector)
ROI_POOL(float, 1, f32_scalar)
ROI_POOL(half16, 8, f16_vector)
ROI_POOL(half16, 1, f16_scalar)
ROI_POOL(bfloat16, 8, bf16_vector)
ROI_POOL(bfloat16, 1, bf16_scalar)
