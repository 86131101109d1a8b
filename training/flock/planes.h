// bfloat16 planes in memory, sixteen floats in a register.
#pragma once
#include <immintrin.h>
#include <torch/extension.h>

using torch::Tensor;
using Half = uint16_t;

static inline __m512 load(const Half* p) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)p)), 16));
}
static inline void store(Half* p, __m512 v) { _mm256_storeu_si256((__m256i*)p, (__m256i)_mm512_cvtneps_pbh(v)); }
static Half* raw(const Tensor& t) { return (Half*)t.data_ptr<at::BFloat16>(); }
static float* floats(const Tensor& t) { return t.data_ptr<float>(); }

struct Size { int64_t n, h, w, c; };
static Size size(const Tensor& t) { return {t.size(0), t.size(1), t.size(2), t.size(3)}; }
