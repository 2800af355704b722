// Losses of one number against one number, each with its derivative; as PointwiseLoss.cs.

__device__ __forceinline__ float focal_power(float x, float exponent) {
  return exponent == 0.f ? 1.f : exponent == 1.f ? x : exponent == 2.f ? x * x : powf(x, exponent);
}

// alpha < 0: no weights. `derivative` may be null.
extern "C" __global__ void losses_sigmoid_focal(const float* input, const float* target, i64 count, float alpha, float gamma, float* loss, float* derivative) {
  i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  float x = input[i], t = target[i], decay = expf(-fabsf(x));
  float p = x >= 0.f ? 1.f / (1.f + decay) : decay / (1.f + decay);
  float entropy = (is_nan(x) || x > 0.f ? x : 0.f) - x * t + log1pf(decay);
  float miss = 1.f - (p * t + (1.f - p) * (1.f - t)), focus = focal_power(miss, gamma);
  float weight = alpha >= 0.f ? alpha * t + (1.f - alpha) * (1.f - t) : 1.f;
  loss[i] = weight * focus * entropy;
  if (derivative == 0) return;
  // Where the prediction is saturated (miss = 0) the focus term vanishes with p·(1 − p).
  float bend = gamma == 0.f || miss <= 0.f ? 0.f : entropy * gamma * focal_power(miss, gamma - 1.f) * (2.f * t - 1.f) * p * (1.f - p);
  derivative[i] = weight * ((p - t) * focus - bend);
}
EXPORT(losses_sigmoid_focal)

extern "C" __global__ void losses_smooth_l1(const float* input, const float* target, i64 count, float beta, float* loss, float* derivative) {
  i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  float d = input[i] - target[i], size = fabsf(d);
  loss[i] = size < beta ? 0.5f * size * size / beta : size - 0.5f * beta;
  if (derivative != 0) derivative[i] = d <= -beta ? -1.f : d >= beta ? 1.f : d / beta;
}
EXPORT(losses_smooth_l1)

// Softmax focal loss, one row a thread, in double as on the CPU. A target out of range gives NaN. `derivative` may be null; `share` scales it.
extern "C" __global__ void losses_softmax_focal(const float* logits, const i64* target, int rows, int classes, i64 ignore, double gamma, const double* alpha,
                                                const double* share, double* loss, float* derivative) {
  int r = blockIdx.x * blockDim.x + threadIdx.x;
  if (r >= rows) return;
  const float* z = logits + (i64)r * classes;
  float* d = derivative == 0 ? 0 : derivative + (i64)r * classes;
  i64 own = target[r];
  if (own == ignore) {
    for (int j = 0; d != 0 && j < classes; j++) d[j] = 0.f;
    loss[r] = 0.;
    return;
  }
  if (own < 0 || own >= classes) {
    double nothing = (double)__uint_as_float(0x7fc00000u);
    for (int j = 0; d != 0 && j < classes; j++) d[j] = (float)nothing;
    loss[r] = nothing;
    return;
  }
  double top = z[0];
  for (int j = 1; j < classes; j++) top = top != top || z[j] <= top ? top : (double)z[j];
  double others = 0., power = exp((double)z[own] - top);
  for (int j = 0; j < classes; j++)
    if (j != own) others += exp((double)z[j] - top);
  double total = power + others, p = power / total, q = others / total;
  // ln p from q where p is near 1: ln(total) would cancel.
  double logarithm = q < 1e-3 ? -q * (1 + q * (0.5 + q * (1.0 / 3 + q / 4))) : z[own] - top - log(total);
  double weight = alpha == 0 ? 1. : alpha[own], focus = gamma == 0 ? 1. : pow(q, gamma);
  loss[r] = -weight * focus * logarithm;
  if (d == 0) return;
  double bend = gamma == 0 || p == 0 || q == 0 ? 0. : gamma * p * pow(q, gamma - 1) * logarithm, factor = -weight * *share * (focus - bend);
  for (int j = 0; j < classes; j++) d[j] = (float)(j == own ? factor * q : -factor * exp((double)z[j] - top) / total);
}
EXPORT(losses_softmax_focal)
