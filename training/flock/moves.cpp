// Pixels to patches, and the join of two scales, for training.
#include "planes.h"

// wide [n, 2h, 2w, c] + each pixel of low [n, h, w, c] four times; and the sums of four that go back.
Tensor rise(Tensor wide, Tensor low) {
  wide = wide.contiguous();
  low = low.contiguous();
  auto [n, h, w, c] = size(wide);
  Tensor out = torch::empty_like(wide);
  for (int64_t p = 0; p < n * h * w; p++) {
    const int64_t x = p % w, y = p / w % h, i = p / w / h;
    const Half* from = raw(low) + ((i * h / 2 + y / 2) * (w / 2) + x / 2) * c;
    for (int64_t ch = 0; ch < c; ch += 16)
      store(raw(out) + p * c + ch, _mm512_add_ps(load(raw(wide) + p * c + ch), load(from + ch)));
  }
  return out;
}

Tensor sink(Tensor grad) {
  grad = grad.contiguous();
  auto [n, h, w, c] = size(grad);
  Tensor out = torch::empty({n, h / 2, w / 2, c}, grad.options());
  for (int64_t p = 0; p < n * h / 2 * w / 2; p++) {
    const int64_t x = p % (w / 2), y = p / (w / 2) % (h / 2), i = p / (w / 2) / (h / 2);
    const Half* from = raw(grad) + ((i * h + 2 * y) * w + 2 * x) * c;
    for (int64_t ch = 0; ch < c; ch += 16) {
      __m512 a = _mm512_add_ps(load(from + ch), load(from + c + ch));
      __m512 b = _mm512_add_ps(load(from + w * c + ch), load(from + w * c + c + ch));
      store(raw(out) + p * c + ch, _mm512_add_ps(a, b));
    }
  }
  return out;
}
