//! A bank agent: the 1x1 of all its planes, then the 3x3 of each, 16 cells at a time.
//!
//! Between the two, `t` lies in rows of 16 bits with a border of zeros.

use std::arch::x86_64::*;

use super::mix::{self, Strip, add, kept};
use crate::bundle::OUTPUTS;
use crate::plan::{Bank, Taps};

/// Zeros left of each row of `t`, which are also those right of the row before.
const BORDER: usize = 8;

/// 16-bit numbers from one row of `t` to the next, and from one plane to the next.
const fn stride(size: usize) -> usize {
    size + BORDER
}

const fn plane(size: usize) -> usize {
    // A row above and one below, and a border behind the last.
    (size + 2) * stride(size) + BORDER
}

/// Where a cell of `t` lies in its plane.
const fn place(size: usize, cell: usize) -> usize {
    (cell / size + 1) * stride(size) + BORDER + cell % size
}

/// # Safety
/// The arena has the agent's planes and `out`; `strip` and `t` have room for `SIZE`.
#[target_feature(enable = "avx2")]
pub unsafe fn bank<const SIZE: usize>(
    agent: &Bank,
    arena: *mut u8,
    out: usize,
    strip: Strip,
    t: *mut i16,
) {
    // SAFETY: as the caller says.
    unsafe {
        mix::<SIZE>(agent, arena, strip, t);
        for q in 0..OUTPUTS {
            let t = t.add(q * plane(SIZE));
            let residual = arena.add(agent.residual[q] as usize);
            conv::<SIZE>(agent, q, t, residual, arena.add(out + q * SIZE * SIZE));
        }
    }
}

/// # Safety
/// As for [`bank`].
#[target_feature(enable = "avx2")]
unsafe fn mix<const SIZE: usize>(agent: &Bank, arena: *const u8, strip: Strip, t: *mut i16) {
    for q in 0..OUTPUTS {
        // SAFETY: `t` has room for eight planes.
        unsafe { border::<SIZE>(t.add(q * plane(SIZE))) };
    }
    for at in (0..SIZE * SIZE).step_by(32) {
        for q in (0..OUTPUTS).step_by(2) {
            let start = mix::start(&agent.start1, q);
            // SAFETY: 32 cells from `at` lie in every plane.
            let sums = unsafe {
                if q == 0 {
                    add::<OUTPUTS, true>(&agent.mix, arena, at, q, start, strip)
                } else {
                    kept(&agent.mix, q, start, strip)
                }
            };
            for (i, sums) in sums.into_iter().enumerate() {
                let q = q + i;
                let (low, high) = mix::shifted(sums, agent.s1[q]);
                let eights = [
                    _mm256_castsi256_si128(low),
                    _mm256_castsi256_si128(high),
                    _mm256_extracti128_si256::<1>(low),
                    _mm256_extracti128_si256::<1>(high),
                ];
                for (k, eight) in eights.into_iter().enumerate() {
                    let place = q * plane(SIZE) + place(SIZE, at + 8 * k);
                    // SAFETY: eight cells of a row lie in the plane, within its border.
                    unsafe { _mm_storeu_si128(t.add(place).cast(), eight) };
                }
            }
        }
    }
}

/// Zero what is around a plane of `t`.
///
/// # Safety
/// `t` has room for a plane.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn border<const SIZE: usize>(t: *mut i16) {
    // SAFETY: all of this lies in the plane.
    unsafe {
        t.write_bytes(0, stride(SIZE) + BORDER);
        for row in 1..=SIZE {
            t.add(row * stride(SIZE)).write_bytes(0, BORDER);
        }
        t.add((SIZE + 1) * stride(SIZE)).write_bytes(0, stride(SIZE) + BORDER);
    }
}

/// # Safety
/// `t` is a plane with its border; `residual` and `out` have SIZE * SIZE bytes.
#[inline]
#[target_feature(enable = "avx2")]
unsafe fn conv<const SIZE: usize>(
    agent: &Bank,
    q: usize,
    t: *const i16,
    residual: *const u8,
    out: *mut u8,
) {
    let taps: &Taps = &agent.taps[q];
    let w = taps.flat.map(|pair| _mm256_set1_epi32(pair));
    let start = _mm256_set1_epi32(agent.start3[q]);
    let shift = _mm256_set1_epi32(agent.s2[q].into());
    let m = _mm256_set1_epi16(agent.m[q]);
    for cell in (0..SIZE * SIZE).step_by(16) {
        let tap = |k: usize| {
            // The neighbours of 8 cells, and of the 8 after them: for 8x8 those of the next row.
            let at = |cell: usize| place(SIZE, cell) + k / 3 * stride(SIZE) + k % 3;
            let back = stride(SIZE) + 1;
            // SAFETY: neighbours of the plane's cells lie in the plane or its border.
            unsafe {
                if SIZE == 8 {
                    let (low, high) = (t.add(at(cell) - back), t.add(at(cell + 8) - back));
                    _mm256_loadu2_m128i(high.cast(), low.cast())
                } else {
                    _mm256_loadu_si256(t.add(at(cell) - back).cast())
                }
            }
        };
        // SAFETY: 16 cells from `cell` lie in the plane.
        let rest = unsafe { _mm256_cvtepu8_epi16(_mm_loadu_si128(residual.add(cell).cast())) };
        let (mut low, mut high) = (start, start);
        for (i, &w) in w.iter().enumerate() {
            let (a, b) = (tap(2 * i), if i == 4 { rest } else { tap(2 * i + 1) });
            low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), w));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), w));
        }
        let (low, high) = (_mm256_srav_epi32(low, shift), _mm256_srav_epi32(high, shift));
        let y = _mm256_mulhrs_epi16(_mm256_packs_epi32(low, high), m);
        let y = _mm256_permute4x64_epi64::<0b00_00_10_00>(_mm256_packus_epi16(y, y));
        // SAFETY: 16 cells from `cell` lie in the plane.
        unsafe { _mm_storeu_si128(out.add(cell).cast(), _mm256_castsi256_si128(y)) };
    }
}
