// The loss over a belief map, for training.
#include "planes.h"

static inline __m512 exponential(__m512 x) {  // to about 1e-7, for x <= 0
  x = _mm512_mul_ps(_mm512_max_ps(x, _mm512_set1_ps(-80)), _mm512_set1_ps(1.44269504f));
  __m512 whole = _mm512_roundscale_ps(x, 0), f = _mm512_sub_ps(x, whole), p = _mm512_set1_ps(1.5403530e-4f);
  for (float c : {1.3333558e-3f, 9.6181291e-3f, 5.5504109e-2f, 2.4022651e-1f, 6.9314718e-1f, 1.0f})
    p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(c));
  return _mm512_scalef_ps(p, whole);
}

// Cross entropy of the softmax over 32x32 against separable targets, and its gradient, in one pass.
// heads bf16 [n, 16, 16, 68]; bias [68]; x, y [n, 17, 2, 32] (two Gaussians a joint, weighted by y's sums);
// weight [n, 17] = the targets' total. Returns the loss's sum and the gradients of heads and bias.
std::vector<Tensor> entropy(Tensor heads, Tensor bias, Tensor x, Tensor y, Tensor weight, double scale) {
  heads = heads.contiguous();
  const int64_t n = heads.size(0);
  Tensor grad = torch::zeros_like(heads), out = torch::zeros({1}, torch::kFloat64), gb = torch::zeros_like(bias);
  double total = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < 17; j++) {
      const float w = floats(weight)[i * 17 + j], *b = floats(bias) + j * 4;
      if (w <= 0) continue;
      const Half* in = raw(heads) + i * 256 * 68 + j * 4;
      Half* dst = raw(grad) + i * 256 * 68 + j * 4;
      alignas(64) float logit[1024], g[1024];
      for (int64_t p = 0; p < 256; p++)
        for (int64_t q = 0; q < 4; q++) {
          const uint32_t bits = (uint32_t)in[p * 68 + q] << 16;
          float v;
          memcpy(&v, &bits, 4);
          logit[((p >> 4) * 2 + (q >> 1)) * 32 + (p & 15) * 2 + (q & 1)] = v + b[q];
        }
      __m512 top = _mm512_load_ps(logit), sum = _mm512_setzero_ps(), dot = sum;
      for (int k = 16; k < 1024; k += 16) top = _mm512_max_ps(top, _mm512_load_ps(logit + k));
      const __m512 most = _mm512_set1_ps(_mm512_reduce_max_ps(top));
      for (int k = 0; k < 1024; k += 16) {
        __m512 e = exponential(_mm512_sub_ps(_mm512_load_ps(logit + k), most));
        sum = _mm512_add_ps(sum, e);
        _mm512_store_ps(g + k, e);
      }
      const float mass = _mm512_reduce_add_ps(sum);
      const __m512 k1 = _mm512_set1_ps(w / mass * (float)scale), k2 = _mm512_set1_ps((float)scale);
      const float *xs = floats(x) + (i * 17 + j) * 64, *ys = floats(y) + (i * 17 + j) * 64;
      for (int row = 0; row < 32; row++)
        for (int half = 0; half < 32; half += 16) {
          const int k = row * 32 + half;
          __m512 t = _mm512_fmadd_ps(_mm512_set1_ps(ys[row]), _mm512_loadu_ps(xs + half),
                                     _mm512_mul_ps(_mm512_set1_ps(ys[32 + row]), _mm512_loadu_ps(xs + 32 + half)));
          dot = _mm512_fmadd_ps(t, _mm512_load_ps(logit + k), dot);
          _mm512_store_ps(g + k, _mm512_fmsub_ps(_mm512_load_ps(g + k), k1, _mm512_mul_ps(t, k2)));
        }
      total += w * (_mm512_cvtss_f32(most) + std::log(mass)) - _mm512_reduce_add_ps(dot);
      for (int64_t p = 0; p < 256; p++)
        for (int64_t q = 0; q < 4; q++) {
          const float v = g[((p >> 4) * 2 + (q >> 1)) * 32 + (p & 15) * 2 + (q & 1)];
          dst[p * 68 + q] = c10::BFloat16(v).x;
          floats(gb)[j * 4 + q] += v;
        }
    }
  out[0] = total;
  return {out, grad, gb};
}
