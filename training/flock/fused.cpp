// One training step of the second half of a bank: 3x3 per plane, batch norm, residual, rectifier.
// Planes last, bfloat16 in memory, float in registers, one thread, sixteen planes at a time.
#include "planes.h"

std::vector<Tensor> entropy(Tensor heads, Tensor bias, Tensor x, Tensor y, Tensor weight, double scale);
Tensor rise(Tensor wide, Tensor low);
Tensor sink(Tensor grad);
Tensor patch(Tensor crops);

// out(y, x) = sum of k over the 3x3 around (y, x) of one image; calls done(pointer offset, value) for each.
template <class Done>
static inline void filter(const Half* in, int64_t h, int64_t w, int64_t c, int64_t ch, const __m512* k, Done done) {
  const __m512 zero = _mm512_setzero_ps();
  for (int64_t y = 0; y < h; y++) {
    const Half* mid = in + y * w * c + ch;
    const Half* up = y ? mid - w * c : nullptr;
    const Half* low = y + 1 < h ? mid + w * c : nullptr;
    __m512 before = zero, here = zero, after = zero;
    for (int64_t x = 0; x <= w; x++) {
      if (x < w) {
        __m512 a = up ? load(up + x * c) : zero, b = load(mid + x * c), d = low ? load(low + x * c) : zero;
        before = _mm512_fmadd_ps(k[2], a, _mm512_fmadd_ps(k[5], b, _mm512_fmadd_ps(k[8], d, before)));
        here = _mm512_fmadd_ps(k[1], a, _mm512_fmadd_ps(k[4], b, _mm512_fmadd_ps(k[7], d, here)));
        after = _mm512_fmadd_ps(k[0], a, _mm512_fmadd_ps(k[3], b, _mm512_mul_ps(k[6], d)));
      }
      if (x) done((y * w + x - 1) * c + ch, before);
      before = here;
      here = after;
      after = zero;
    }
  }
}

// Returns y, u (before the norm), mean, 1/deviation, variance.
std::vector<Tensor> forward(Tensor t, c10::optional<Tensor> w3, Tensor gamma, Tensor beta, c10::optional<Tensor> res,
                            double eps) {
  t = t.contiguous();
  auto [n, h, w, c] = size(t);
  const int64_t plane = h * w * c, count = n * h * w;
  Tensor u = w3 ? torch::empty_like(t) : t, out = torch::empty_like(t);
  Tensor mean = torch::zeros({c}, gamma.options()), inv = torch::zeros({c}, gamma.options());
  Tensor var = torch::zeros({c}, gamma.options());
  if (res) res = res->contiguous();
  for (int64_t ch = 0; ch < c; ch += 16) {
    __m512 sum = _mm512_setzero_ps(), square = sum, k[9];
    if (w3) for (int i = 0; i < 9; i++) k[i] = _mm512_loadu_ps(floats(*w3) + i * c + ch);
    for (int64_t i = 0; i < n; i++) {
      Half* dst = raw(u) + i * plane;
      auto tally = [&](int64_t at, __m512 v) {
        if (w3) store(dst + at, v);
        sum = _mm512_add_ps(sum, v);
        square = _mm512_fmadd_ps(v, v, square);
      };
      if (w3) filter(raw(t) + i * plane, h, w, c, ch, k, tally);
      else for (int64_t p = 0; p < h * w; p++) tally(p * c + ch, load(raw(t) + i * plane + p * c + ch));
    }
    __m512 m = _mm512_div_ps(sum, _mm512_set1_ps(count));
    __m512 v = _mm512_max_ps(_mm512_fnmadd_ps(m, m, _mm512_div_ps(square, _mm512_set1_ps(count))), _mm512_setzero_ps());
    __m512 s = _mm512_div_ps(_mm512_set1_ps(1), _mm512_sqrt_ps(_mm512_add_ps(v, _mm512_set1_ps(eps))));
    _mm512_storeu_ps(floats(mean) + ch, m);
    _mm512_storeu_ps(floats(var) + ch, v);
    _mm512_storeu_ps(floats(inv) + ch, s);
  }
  Tensor scale = gamma * inv, shift = beta - mean * scale;
  const Half *src = raw(u), *add = res ? raw(*res) : nullptr;
  const float *scales = floats(scale), *shifts = floats(shift);
  Half* dst = raw(out);
  for (int64_t p = 0; p < count; p++)
    for (int64_t ch = 0; ch < c; ch += 16) {
      const int64_t at = p * c + ch;
      __m512 v = _mm512_fmadd_ps(load(src + at), _mm512_loadu_ps(scales + ch), _mm512_loadu_ps(shifts + ch));
      if (add) v = _mm512_add_ps(v, load(add + at));
      store(dst + at, _mm512_max_ps(v, _mm512_setzero_ps()));
    }
  return {out, u, mean, inv, var};
}

// Returns the gradients of t, w3, gamma, beta, res.
std::vector<Tensor> backward(Tensor gy, Tensor y, Tensor u, Tensor t, c10::optional<Tensor> w3, Tensor gamma,
                             Tensor mean, Tensor inv) {
  gy = gy.contiguous();
  auto [n, h, w, c] = size(t);
  const int64_t plane = h * w * c, count = n * h * w;
  Tensor g = torch::empty_like(gy), gt = torch::empty_like(gy);
  Tensor sum = torch::zeros({c}, gamma.options()), dot = torch::zeros({c}, gamma.options());
  {
    const Half *grad = raw(gy), *yi = raw(y), *ui = raw(u);
    const float* means = floats(mean);
    float *sums = floats(sum), *dots = floats(dot);
    Half* gi = raw(g);
    for (int64_t p = 0; p < count; p++)
      for (int64_t ch = 0; ch < c; ch += 16) {
        const int64_t at = p * c + ch;
        __mmask16 on = _mm512_cmp_ps_mask(load(yi + at), _mm512_setzero_ps(), _CMP_GT_OQ);
        __m512 v = _mm512_maskz_mov_ps(on, load(grad + at));
        store(gi + at, v);
        __m512 d = _mm512_sub_ps(load(ui + at), _mm512_loadu_ps(means + ch));
        _mm512_storeu_ps(sums + ch, _mm512_add_ps(_mm512_loadu_ps(sums + ch), v));
        _mm512_storeu_ps(dots + ch, _mm512_fmadd_ps(v, d, _mm512_loadu_ps(dots + ch)));
      }
  }
  Tensor ggamma = dot * inv;
  Tensor k1 = gamma * inv, k2 = -k1 * inv * ggamma / (double)count;
  Tensor k3 = -k1 * sum / (double)count - k2 * mean;
  Tensor gw = torch::zeros({9, c}, gamma.options()), image = torch::empty({h, w, c}, gy.options());
  const float *k1s = floats(k1), *k2s = floats(k2), *k3s = floats(k3);
  for (int64_t i = 0; i < n; i++) {
    Half* gu = w3 ? raw(image) : raw(gt) + i * plane;
    const Half *gi = raw(g) + i * plane, *ui = raw(u) + i * plane, *ti = raw(t) + i * plane;
    for (int64_t p = 0; p < h * w; p++)
      for (int64_t ch = 0; ch < c; ch += 16) {
        const int64_t at = p * c + ch;
        __m512 v = _mm512_fmadd_ps(load(gi + at), _mm512_loadu_ps(k1s + ch), _mm512_loadu_ps(k3s + ch));
        store(gu + at, _mm512_fmadd_ps(load(ui + at), _mm512_loadu_ps(k2s + ch), v));
      }
    if (!w3) continue;
    Half* out = raw(gt) + i * plane;
    const __m512 zero = _mm512_setzero_ps();
    for (int64_t ch = 0; ch < c; ch += 16) {
      __m512 k[9], acc[9];
      for (int q = 0; q < 9; q++) k[q] = _mm512_loadu_ps(floats(*w3) + (8 - q) * c + ch);
      filter(gu, h, w, c, ch, k, [&](int64_t at, __m512 v) { store(out + at, v); });
      for (int q = 0; q < 9; q++) acc[q] = _mm512_loadu_ps(floats(gw) + q * c + ch);
      for (int64_t row = 0; row < h; row++) {
        const Half* mid = ti + row * w * c + ch;
        const Half* up = row ? mid - w * c : nullptr;
        const Half* low = row + 1 < h ? mid + w * c : nullptr;
        __m512 a0 = zero, b0 = zero, d0 = zero;
        __m512 a1 = up ? load(up) : zero, b1 = load(mid), d1 = low ? load(low) : zero;
        for (int64_t x = 0; x < w; x++) {
          const bool in = x + 1 < w;
          __m512 a2 = in && up ? load(up + (x + 1) * c) : zero, b2 = in ? load(mid + (x + 1) * c) : zero;
          __m512 d2 = in && low ? load(low + (x + 1) * c) : zero;
          __m512 v = load(gu + (row * w + x) * c + ch);
          acc[0] = _mm512_fmadd_ps(v, a0, acc[0]); acc[1] = _mm512_fmadd_ps(v, a1, acc[1]);
          acc[2] = _mm512_fmadd_ps(v, a2, acc[2]); acc[3] = _mm512_fmadd_ps(v, b0, acc[3]);
          acc[4] = _mm512_fmadd_ps(v, b1, acc[4]); acc[5] = _mm512_fmadd_ps(v, b2, acc[5]);
          acc[6] = _mm512_fmadd_ps(v, d0, acc[6]); acc[7] = _mm512_fmadd_ps(v, d1, acc[7]);
          acc[8] = _mm512_fmadd_ps(v, d2, acc[8]);
          a0 = a1; a1 = a2; b0 = b1; b1 = b2; d0 = d1; d1 = d2;
        }
      }
      for (int q = 0; q < 9; q++) _mm512_storeu_ps(floats(gw) + q * c + ch, acc[q]);
    }
  }
  return {gt, gw, ggamma, sum, g};
}

// u8 crops [n, 128, 128, 3] to their patches [n, 64, 64, 32]: 27 values of 0..1 and five zeros.
Tensor patch(Tensor crops) {
  const int64_t n = crops.size(0), side = crops.size(1), half = side / 2;
  Tensor out = torch::zeros({n, half, half, 32}, torch::kBFloat16);
  const uint8_t* in = crops.data_ptr<uint8_t>();
  Half table[256];
  for (int i = 0; i < 256; i++) table[i] = c10::BFloat16(i / 255.0f).x;
  for (int64_t i = 0; i < n; i++)
    for (int64_t y = 0; y < half; y++)
      for (int64_t x = 0; x < half; x++) {
        Half* dst = raw(out) + ((i * half + y) * half + x) * 32;
        for (int ky = 0; ky < 3; ky++) {
          const int64_t row = 2 * y + ky - 1;
          if (row < 0 || row >= side) continue;
          const uint8_t* src = in + ((i * side + row) * side + 2 * x) * 3 - 3;
          for (int q = x ? 0 : 3; q < 9; q++) dst[ky * 9 + q] = table[src[q]];
        }
      }
  return out;
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
  m.def("forward", &forward);
  m.def("backward", &backward);
  m.def("patch", &patch);
  m.def("entropy", &entropy);
  m.def("rise", &rise);
  m.def("sink", &sink);
}
