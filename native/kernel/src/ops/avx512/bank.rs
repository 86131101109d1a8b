//! A bank agent: the 1x1 of all its planes, then the 3x3 of each.
//!
//! Between the two, `t` lies in rows of pairs: 32 bits for the cells above each other in rows 2k and
//! 2k+1. Planes of 8x8 would fill half a register, so two outputs lie side by side in a row of 16.

use std::arch::x86_64::*;

use super::conv;
use super::features;
use super::mix::{Strip, fresh, kept};
use crate::bundle::OUTPUTS;
use crate::plan::Bank;

/// For each side, where the two halves of `t`'s pairs of 64 cells come from.
const PAIRS: [[[i16; 32]; 2]; 3] = [pairs(8), pairs(16), pairs(32)];

/// Two tables of 16 pairs, as indices into the packed sums: those of cells `16 l` to `16 l + 7` in
/// the first register's lane `l`, the next 8 in the second's.
const fn pairs(size: usize) -> [[i16; 32]; 2] {
    let mut tables = [[0; 32]; 2];
    let mut i = 0;
    while i < 32 {
        let (half, j) = (i / 16, i % 16);
        // The upper cell of pair j of this half. 8: two pairs of rows; 16: one; 32: half of one.
        let upper = match size {
            8 => 32 * half + 16 * (j / 8) + j % 8,
            16 => 32 * half + j,
            _ => 16 * half + j,
        };
        tables[half][2 * j] = packed(upper);
        tables[half][2 * j + 1] = packed(upper + size);
        i += 1;
    }
    tables
}

const fn packed(cell: usize) -> i16 {
    let (lane, rest) = (cell / 16, cell % 16);
    (32 * (rest / 8) + 8 * lane + rest % 8) as i16
}

features! {
    /// # Safety
    /// The arena has the agent's planes and `out`; `strip`, `t` and `results` have room for `SIZE`.
    pub unsafe fn run<const SIZE: usize>(
        agent: &Bank,
        arena: *mut u8,
        out: usize,
        strip: Strip,
        t: *mut i32,
        results: *mut u8,
    ) {
        // SAFETY: as the caller says.
        unsafe {
            mix::<SIZE>(agent, arena, strip, t);
            conv::run::<SIZE>(agent, arena, out, t, results);
        }
    }

    /// # Safety
    /// As for [`run`].
    unsafe fn mix<const SIZE: usize>(agent: &Bank, arena: *const u8, strip: Strip, t: *mut i32) {
        let tables = &PAIRS[SIZE.trailing_zeros() as usize - 3];
        // SAFETY: a table fills a register.
        let (first, second) = unsafe {
            (_mm512_loadu_si512(tables[0].as_ptr().cast()), _mm512_loadu_si512(tables[1].as_ptr().cast()))
        };
        for block in 0..SIZE * SIZE / 64 {
            for q in [0, 4] {
                // SAFETY: 64 cells from `block * 64` lie in every plane.
                let sums = unsafe {
                    if q == 0 {
                        fresh::<OUTPUTS, true>(&agent.mix, arena, block * 64, &agent.start1, strip)
                    } else {
                        kept(&agent.mix, &agent.start1, strip)
                    }
                };
                for (i, sums) in sums.into_iter().enumerate() {
                    let q = q + i;
                    let shift = _mm512_set1_epi32(agent.s1[q].into());
                    let sums = sums.map(|sum| _mm512_srav_epi32(sum, shift));
                    let low = _mm512_packs_epi32(sums[0], sums[1]);
                    let high = _mm512_packs_epi32(sums[2], sums[3]);
                    let upper = _mm512_permutex2var_epi16(low, first, high);
                    let lower = _mm512_permutex2var_epi16(low, second, high);
                    // SAFETY: `t` has room for the pairs of all planes.
                    unsafe { store::<SIZE>(t, q, block, upper, lower) };
                }
            }
        }
    }

    /// # Safety
    /// `t` has room for the pairs of eight planes.
    #[inline]
    unsafe fn store<const SIZE: usize>(
        t: *mut i32,
        q: usize,
        block: usize,
        upper: __m512i,
        lower: __m512i,
    ) {
        // SAFETY: as the caller says: eight planes of SIZE * SIZE / 2 pairs.
        unsafe {
            if SIZE == 8 {
                let t = t.add(q / 2 * 64 + q % 2 * 8);
                for (k, rows) in [upper, lower].into_iter().enumerate() {
                    let row = t.add(32 * k);
                    _mm256_storeu_si256(row.cast(), _mm512_castsi512_si256(rows));
                    _mm256_storeu_si256(row.add(16).cast(), _mm512_extracti64x4_epi64::<1>(rows));
                }
            } else {
                let t = t.add(q * SIZE * SIZE / 2 + block * 32);
                _mm512_store_si512(t.cast(), upper);
                _mm512_store_si512(t.add(16).cast(), lower);
            }
        }
    }
}
