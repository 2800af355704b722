// Boxes: codes, overlaps, anchors, and the fused decode–clip–filter of proposals and detections. Arithmetic is that of the CPU's path, step by step;
// expf and logf may differ in the last bits.

__device__ void decode_box(const float* code, const float* box, float wx, float wy, float ww, float wh, float clip, float extra, float* out) {
  float width = box[2] - box[0] + extra, height = box[3] - box[1] + extra;
  float center_x = code[0] / wx * width + (box[0] + 0.5f * width), center_y = code[1] / wy * height + (box[1] + 0.5f * height);
  float dw = code[2] / ww, dh = code[3] / wh;
  // NaN stays NaN.
  float half_width = 0.5f * (expf(dw > clip ? clip : dw) * width), half_height = 0.5f * (expf(dh > clip ? clip : dh) * height);
  out[0] = center_x - half_width;
  out[1] = center_y - half_height;
  out[2] = center_x + half_width;
  out[3] = center_y + half_height;
}

__device__ __forceinline__ float clip_to(float v, float high) { return v < 0.f ? 0.f : v > high ? high : v; }

// `extra` is 1 for inclusive boxes, whose far corner is the last pixel.
__device__ __forceinline__ bool clip_and_measure(float* box, int height, int width, float extra, float least_side) {
  float right = (float)width - extra, bottom = (float)height - extra;
  box[0] = clip_to(box[0], right);
  box[1] = clip_to(box[1], bottom);
  box[2] = clip_to(box[2], right);
  box[3] = clip_to(box[3], bottom);
  return box[2] - box[0] + extra >= least_side && box[3] - box[1] + extra >= least_side;
}

extern "C" __global__ void boxes_encode(const float* references, const float* proposals, i64 count, float wx, float wy, float ww, float wh, float extra,
                                        float* codes) {
  i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const float *gt = references + 4 * i, *box = proposals + 4 * i;
  float width = box[2] - box[0] + extra, height = box[3] - box[1] + extra, gt_width = gt[2] - gt[0] + extra, gt_height = gt[3] - gt[1] + extra;
  codes[4 * i] = wx * (gt[0] + 0.5f * gt_width - (box[0] + 0.5f * width)) / width;
  codes[4 * i + 1] = wy * (gt[1] + 0.5f * gt_height - (box[1] + 0.5f * height)) / height;
  codes[4 * i + 2] = ww * logf(gt_width / width);
  codes[4 * i + 3] = wh * logf(gt_height / height);
}
EXPORT(boxes_encode)

extern "C" __global__ void boxes_decode(const float* codes, const float* boxes, i64 count, int classes, float wx, float wy, float ww, float wh, float clip,
                                        float extra, float* out) {
  i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count * classes) decode_box(codes + 4 * i, boxes + 4 * (i / classes), wx, wy, ww, wh, clip, extra, out + 4 * i);
}
EXPORT(boxes_decode)

extern "C" __global__ void boxes_overlaps(const float* a, const float* b, i64 rows, int columns, int generalized, float extra, float* out) {
  i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= rows * columns) return;
  const float *p = a + 4 * (i / columns), *q = b + 4 * (i % columns);
  float w = larger(smaller(p[2], q[2]) - larger(p[0], q[0]) + extra, 0.f), h = larger(smaller(p[3], q[3]) - larger(p[1], q[1]) + extra, 0.f);
  float both = w * h, all = (p[2] - p[0] + extra) * (p[3] - p[1] + extra) + (q[2] - q[0] + extra) * (q[3] - q[1] + extra) - both, overlap = both / all;
  if (generalized) {
    float hull = larger(larger(p[2], q[2]) - smaller(p[0], q[0]), 0.f) * larger(larger(p[3], q[3]) - smaller(p[1], q[1]), 0.f);
    overlap = overlap - (hull - all) / hull;
  }
  out[i] = overlap;
}
EXPORT(boxes_overlaps)

// Anchors of one level: row, column, anchor of the cell.
extern "C" __global__ void boxes_anchors(const float* cell, int per_cell, int columns, i64 count, int stride_x, int stride_y, float* out) {
  i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const float* corner = cell + 4 * (i % per_cell);
  i64 at = i / per_cell;
  float left = (float)((int)(at % columns) * stride_x), top = (float)((int)(at / columns) * stride_y);
  out[4 * i] = left + corner[0];
  out[4 * i + 1] = top + corner[1];
  out[4 * i + 2] = left + corner[2];
  out[4 * i + 3] = top + corner[3];
}
EXPORT(boxes_anchors)

// The best anchors of one level and all images: decoded (or copied, without anchors), clipped, and marked where large and probable enough.
// order [batch,taken] points into logits [batch,count] and codes [batch,count,4]; results go to columns first … first + taken of [batch,capacity].
extern "C" __global__ void boxes_proposals(const i64* order, const float* logits, const float* codes, const float* anchors, const int* sizes, int batch,
                                           int taken, i64 count, i64 capacity, i64 first, int level, float wx, float wy, float ww, float wh, float clip,
                                           float code_extra, float extra, const float* least_sides, float least_score, float* boxes, float* scores, i64* levels, unsigned char* valid) {
  i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= (i64)batch * taken) return;
  int image = (int)(i / taken);
  i64 from = order[i], to = image * capacity + first + i % taken;
  const float* code = codes + 4 * (image * count + from);
  float box[4];
  if (anchors == 0) {
    UNROLL for (int j = 0; j < 4; j++) box[j] = code[j];
  } else {
    decode_box(code, anchors + 4 * from, wx, wy, ww, wh, clip, code_extra, box);
  }
  bool fits = clip_and_measure(box, sizes[2 * image], sizes[2 * image + 1], extra, least_sides[image]);
  float score = 1.f / (1.f + expf(-logits[image * count + from]));
  fits = fits && score >= least_score;
  UNROLL for (int j = 0; j < 4; j++) boxes[4 * to + j] = box[j];
  scores[to] = fits ? score : -1.f;
  levels[to] = level;
  valid[to] = fits;
}
EXPORT(boxes_proposals)

// The level of each RoI (Lin et al. 2017, eq. 1), counted from the finest; −1 where the area is negative or NaN.
extern "C" __global__ void boxes_levels(const float* rois, int count, float canonical_size, int canonical_level, int detectron2, int finest, int coarsest, int single, int* levels) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const float* r = rois + 5 * (i64)i;
  float side = sqrtf((r[3] - r[1]) * (r[4] - r[2])) / canonical_size;
  float level = floorf(detectron2 ? (float)canonical_level + log2f(side + 1e-8f) : (float)canonical_level + log2f(side) + 1e-6f);
  levels[i] = single ? 0 : is_nan(level) ? -1 : (int)(level < (float)finest ? (float)finest : level > (float)coarsest ? (float)coarsest : level) - finest;
}
EXPORT(boxes_levels)

extern "C" __global__ void boxes_softmax(const float* logits, int rows, int classes, float* probabilities) {
  int r = blockIdx.x * blockDim.x + threadIdx.x;
  if (r >= rows) return;
  const float* in = logits + (i64)r * classes;
  float* out = probabilities + (i64)r * classes;
  float highest = in[0], sum = 0.f;
  for (int i = 1; i < classes; i++) highest = is_nan(highest) || in[i] <= highest ? highest : in[i];
  for (int i = 0; i < classes; i++) {
    out[i] = expf(in[i] - highest);
    sum += out[i];
  }
  for (int i = 0; i < classes; i++) out[i] /= sum;
}
EXPORT(boxes_softmax)

// Every class but 0 of every RoI of one image: decoded and clipped where probable enough, and marked where large enough too.
extern "C" __global__ void boxes_detections(const float* probabilities, const float* codes, const float* proposals, int rows, int classes, int code_columns,
                                            int height, int width, float wx, float wy, float ww, float wh, float clip, float code_extra, float extra,
                                            float least_side, float score_above, float* boxes, unsigned char* valid) {
  i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= (i64)rows * classes) return;
  i64 r = i / classes;
  int c = (int)(i % classes);
  bool fits = c > 0 && probabilities[i] > score_above;
  if (fits) {
    float box[4];
    decode_box(codes + r * code_columns + (code_columns == 4 ? 0 : 4 * c), proposals + 4 * r, wx, wy, ww, wh, clip, code_extra, box);
    fits = clip_and_measure(box, height, width, extra, least_side);
    UNROLL for (int j = 0; j < 4; j++) boxes[4 * i + j] = box[j];
  }
  valid[i] = fits;
}
EXPORT(boxes_detections)
