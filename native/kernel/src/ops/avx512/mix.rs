//! The 1x1: four outputs of 64 cells, in 16 registers of sums.
//!
//! Unpacking bytes twice gives registers of four planes by 16 cells, where lane `l` of register `k`
//! holds cells `16 l + 4 k` to `16 l + 4 k + 3`. Packing sums back to bytes undoes that order.

use std::arch::x86_64::*;

use super::features;
use crate::bundle::OUTPUTS;
use crate::plan::Mix;

/// Where the interleaved inputs of 64 cells are kept between an agent's outputs 0-3 and 4-7: 256
/// bytes for each four planes.
pub type Strip = *mut u8;

/// Four outputs of 64 cells.
pub type Sums = [[__m512i; 4]; 4];

features! {
    /// The sums of outputs 0 to 3 of `OUT`; with `KEEP`, the interleaved inputs go to `strip`.
    ///
    /// # Safety
    /// The arena has 64 cells from `at` in every plane; `strip` has room where it is used.
    #[inline]
    pub unsafe fn fresh<const OUT: usize, const KEEP: bool>(
        mix: &Mix,
        arena: *const u8,
        at: usize,
        start: &[i32; OUTPUTS],
        strip: Strip,
    ) -> Sums {
        let sums = std::array::from_fn(|q| [_mm512_set1_epi32(start[q]); 4]);
        // SAFETY: as the caller says.
        unsafe { add::<OUT, KEEP>(mix, arena, at, sums, strip) }
    }

    /// The sums of outputs 4 to 7, of the inputs that [`fresh`] kept.
    ///
    /// # Safety
    /// `strip` is what `fresh` filled for the same mix.
    #[inline]
    pub unsafe fn kept(mix: &Mix, start: &[i32; OUTPUTS], strip: Strip) -> Sums {
        let mut sums: Sums = std::array::from_fn(|q| [_mm512_set1_epi32(start[4 + q]); 4]);
        for (group, weights) in mix.packed.chunks_exact(OUTPUTS).enumerate() {
            let x: [__m512i; 4] = std::array::from_fn(|k| {
                // SAFETY: the strip holds 256 bytes for each group, on a cache line.
                unsafe { _mm512_load_si512(strip.add(group * 256 + k * 64).cast()) }
            });
            multiply(&mut sums, &x, &weights[4..]);
        }
        sums
    }

    /// Add four outputs of a mix with `OUT` outputs to `sums`.
    ///
    /// # Safety
    /// As for [`fresh`].
    #[inline]
    pub unsafe fn add<const OUT: usize, const KEEP: bool>(
        mix: &Mix,
        arena: *const u8,
        at: usize,
        mut sums: Sums,
        strip: Strip,
    ) -> Sums {
        let groups = mix.planes.chunks_exact(4).zip(mix.packed.chunks_exact(OUT));
        for (group, (planes, weights)) in groups.enumerate() {
            let plane = |i: usize| {
                // SAFETY: the plane has 64 cells from `at`.
                unsafe { _mm512_loadu_si512(arena.add(planes[i] as usize + at).cast()) }
            };
            let (a, b, c, d) = (plane(0), plane(1), plane(2), plane(3));
            let (ab, cd) = (_mm512_unpacklo_epi8(a, b), _mm512_unpacklo_epi8(c, d));
            let (ab_high, cd_high) = (_mm512_unpackhi_epi8(a, b), _mm512_unpackhi_epi8(c, d));
            let x = [
                _mm512_unpacklo_epi16(ab, cd),
                _mm512_unpackhi_epi16(ab, cd),
                _mm512_unpacklo_epi16(ab_high, cd_high),
                _mm512_unpackhi_epi16(ab_high, cd_high),
            ];
            if KEEP {
                for (k, &x) in x.iter().enumerate() {
                    // SAFETY: the strip has room for 256 bytes a group, on a cache line.
                    unsafe { _mm512_store_si512(strip.add(group * 256 + k * 64).cast(), x) };
                }
            }
            multiply(&mut sums, &x, weights);
        }
        sums
    }

    #[inline]
    fn multiply(sums: &mut Sums, x: &[__m512i; 4], weights: &[i32]) {
        for (sums, &w) in sums.iter_mut().zip(&weights[..4]) {
            let w = _mm512_set1_epi32(w);
            for (sum, &x) in sums.iter_mut().zip(x) {
                *sum = _mm512_dpbusd_epi32(*sum, x, w);
            }
        }
    }

    /// Sums in the order of cells: a 4x4 transposition of 128-bit lanes.
    #[inline]
    pub fn linear(sums: [__m512i; 4]) -> [__m512i; 4] {
        let [a, b, c, d] = sums;
        let ab = _mm512_shuffle_i32x4::<0b01_00_01_00>(a, b); // a0 a1 b0 b1
        let cd = _mm512_shuffle_i32x4::<0b01_00_01_00>(c, d);
        let ab_high = _mm512_shuffle_i32x4::<0b11_10_11_10>(a, b); // a2 a3 b2 b3
        let cd_high = _mm512_shuffle_i32x4::<0b11_10_11_10>(c, d);
        [
            _mm512_shuffle_i32x4::<0b10_00_10_00>(ab, cd), // a0 b0 c0 d0
            _mm512_shuffle_i32x4::<0b11_01_11_01>(ab, cd), // a1 b1 c1 d1
            _mm512_shuffle_i32x4::<0b10_00_10_00>(ab_high, cd_high),
            _mm512_shuffle_i32x4::<0b11_01_11_01>(ab_high, cd_high),
        ]
    }
}
