//! The 1x1: two outputs of 32 cells, in 8 registers of sums.
//!
//! Unpacking bytes twice gives registers of two planes by 8 cells, where lane `l` of register `k`
//! holds cells `16 l + 4 k` to `16 l + 4 k + 3`. Packing sums back to bytes undoes that order.

use std::arch::x86_64::*;

use crate::bundle::OUTPUTS;
use crate::plan::Mix;

/// Where the interleaved inputs of 32 cells are kept between an agent's outputs: 128 bytes for each
/// two planes.
pub type Strip = *mut u8;

/// Two outputs of 32 cells.
pub type Sums = [[__m256i; 4]; 2];

/// Sums that start at `values[q]` and `values[q + 1]`.
#[inline]
#[target_feature(enable = "avx2")]
pub fn start(values: &[i32], q: usize) -> Sums {
    [values[q], values[q + 1]].map(|value| [_mm256_set1_epi32(value); 4])
}

/// Add outputs `q` and `q + 1` of a mix with `OUT` outputs; with `KEEP`, the interleaved inputs go to
/// `strip`.
///
/// # Safety
/// The arena has 32 cells from `at` in every plane; `strip` has room where it is used.
#[inline]
#[target_feature(enable = "avx2")]
pub unsafe fn add<const OUT: usize, const KEEP: bool>(
    mix: &Mix,
    arena: *const u8,
    at: usize,
    q: usize,
    mut sums: Sums,
    strip: Strip,
) -> Sums {
    let zero = _mm256_setzero_si256();
    let groups = mix.planes.chunks_exact(2).zip(mix.packed.chunks_exact(OUT));
    for (group, (planes, weights)) in groups.enumerate() {
        let plane = |i: usize| {
            // SAFETY: the plane has 32 cells from `at`.
            unsafe { _mm256_loadu_si256(arena.add(planes[i] as usize + at).cast()) }
        };
        let (a, b) = (plane(0), plane(1));
        let (low, high) = (_mm256_unpacklo_epi8(a, b), _mm256_unpackhi_epi8(a, b));
        let x = [
            _mm256_unpacklo_epi8(low, zero),
            _mm256_unpackhi_epi8(low, zero),
            _mm256_unpacklo_epi8(high, zero),
            _mm256_unpackhi_epi8(high, zero),
        ];
        if KEEP {
            for (k, &x) in x.iter().enumerate() {
                // SAFETY: the strip has room for 128 bytes a group, on a cache line.
                unsafe { _mm256_store_si256(strip.add(group * 128 + k * 32).cast(), x) };
            }
        }
        multiply(&mut sums, &x, &weights[q..]);
    }
    sums
}

/// The same for later outputs, of the inputs that [`add`] kept.
///
/// # Safety
/// `strip` is what `add` filled for the same mix.
#[inline]
#[target_feature(enable = "avx2")]
pub unsafe fn kept(mix: &Mix, q: usize, mut sums: Sums, strip: Strip) -> Sums {
    for (group, weights) in mix.packed.chunks_exact(OUTPUTS).enumerate() {
        let x: [__m256i; 4] = std::array::from_fn(|k| {
            // SAFETY: the strip holds 128 bytes for each group, on a cache line.
            unsafe { _mm256_load_si256(strip.add(group * 128 + k * 32).cast()) }
        });
        multiply(&mut sums, &x, &weights[q..]);
    }
    sums
}

#[inline]
#[target_feature(enable = "avx2")]
fn multiply(sums: &mut Sums, x: &[__m256i; 4], weights: &[i32]) {
    for (sums, &w) in sums.iter_mut().zip(&weights[..2]) {
        let w = _mm256_set1_epi32(w);
        for (sum, &x) in sums.iter_mut().zip(x) {
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(x, w));
        }
    }
}

/// Sums shifted and cut to 16 bits: cells 0 to 7 of each lane's 16, then 8 to 15.
#[inline]
#[target_feature(enable = "avx2")]
pub fn shifted(sums: [__m256i; 4], shift: u8) -> (__m256i, __m256i) {
    let shift = _mm256_set1_epi32(shift.into());
    let sums = sums.map(|sum| _mm256_srav_epi32(sum, shift));
    (_mm256_packs_epi32(sums[0], sums[1]), _mm256_packs_epi32(sums[2], sums[3]))
}

/// Sums in the order of cells.
#[inline]
#[target_feature(enable = "avx2")]
pub fn linear(sums: [__m256i; 4]) -> [__m256i; 4] {
    let [a, b, c, d] = sums;
    [
        _mm256_permute2x128_si256::<0x20>(a, b),
        _mm256_permute2x128_si256::<0x20>(c, d),
        _mm256_permute2x128_si256::<0x31>(a, b),
        _mm256_permute2x128_si256::<0x31>(c, d),
    ]
}
