// Pasting of soft masks; one thread a pixel. The numbers are those of StretchedMask.cs.

// A coordinate of a pixel as a place between two cells of the padded mask; false where the mask does not reach it.
__device__ bool between_whole(float from, float to, int side, int padded, int i, int* low, int* high, float* fraction) {
  if (!is_finite(from) || !is_finite(to)) return false;
  float scale = (float)padded / (float)side, half = (to - from) * 0.5f * scale, center = (to + from) * 0.5f;
  i64 first = to_long(center - half), last = to_long(center + half);
  if (i < first || i > last) return false;
  i64 length = last - first + 1;
  float step = (float)padded / (float)(length > 1 ? length : 1), position = ((float)(i - first) + 0.5f) * step - 0.5f;
  position = position > 0.f ? position : 0.f;
  *low = least(to_int(position), padded - 1);
  *high = least(*low + 1, padded - 1);
  *fraction = position - (float)*low;
  return true;
}

__device__ bool between_centres(float from, float to, int side, int i, int* low, int* high, float* fraction) {
  float length = to - from;
  if (!(length > 0.f && is_finite(length))) return false;
  float grid = (((float)i + 0.5f) - from) / length * 2.f - 1.f, position = ((grid + 1.f) * (float)side - 1.f) / 2.f, whole = floorf(position);
  if (!(whole >= -1.f && whole < (float)side)) return false;
  *low = (int)whole + 1;
  *high = (int)whole + 2;
  *fraction = position - whole;
  return true;
}

__device__ __forceinline__ float mask_cell(const float* mask, int side, int padding, int y, int x) {
  return y >= padding && y < side + padding && x >= padding && x < side + padding ? mask[(i64)(y - padding) * side + x - padding] : 0.f;
}

extern "C" __global__ void mask_paste(const float* masks, const float* boxes, i64 count, int side, int height, int width, int padding, int centres, float* out) {
  i64 at = (i64)blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= count * height * width) return;
  int x = (int)(at % width), y = (int)(at / width % height);
  i64 n = at / width / height;
  const float *box = boxes + 4 * n, *mask = masks + n * side * side;
  int left, right, top, bottom, padded = side + 2 * padding;
  float fx, fy, value = 0.f;
  bool inside = centres ? between_centres(box[0], box[2], side, x, &left, &right, &fx) && between_centres(box[1], box[3], side, y, &top, &bottom, &fy)
                        : between_whole(box[0], box[2], side, padded, x, &left, &right, &fx) && between_whole(box[1], box[3], side, padded, y, &top, &bottom, &fy);
  if (inside) {
    float above = (1.f - fx) * mask_cell(mask, side, padding, top, left) + fx * mask_cell(mask, side, padding, top, right);
    float below = (1.f - fx) * mask_cell(mask, side, padding, bottom, left) + fx * mask_cell(mask, side, padding, bottom, right);
    value = (1.f - fy) * above + fy * below;
  }
  out[at] = value;
}
EXPORT(mask_paste)
