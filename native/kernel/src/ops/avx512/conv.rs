//! The 3x3 on rows of pairs: down a column of 16 cells, two rows of output at a time. What was read
//! for one pair of rows is still in registers for the next.

use std::arch::x86_64::*;

use super::features;
use crate::bundle::OUTPUTS;
use crate::plan::Bank;

/// What a column of 16 cells is multiplied by; one register each, the same in all lanes, or for
/// planes of 8x8 one output's in the lower half and the next one's in the upper.
struct Factors {
    taps: [__m512i; 13],
    start: __m512i,
    shift: __m512i,
    m: __m512i,
}

/// Bytes of two rows of 16 cells to the order of cells; see [`finish`].
const WIDE: [i32; 16] = [0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15];
/// The same for four rows of 16 cells.
const MIDDLE: [i32; 16] = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];
/// The same for eight rows of 8 cells, of the first of two outputs.
const SMALL: [i32; 16] = [0, 4, 1, 5, 2, 6, 3, 7, 16, 20, 17, 21, 18, 22, 19, 23];

features! {
    /// # Safety
    /// The arena has the agent's residual planes and `out`; `t` holds the pairs of eight planes, and
    /// `results` has room for 16 bits a cell.
    pub unsafe fn run<const SIZE: usize>(
        agent: &Bank,
        arena: *mut u8,
        out: usize,
        t: *const i32,
        results: *mut u8,
    ) {
        let step = if SIZE == 8 { 2 } else { 1 };
        for q in (0..OUTPUTS).step_by(step) {
            let other = q + step - 1;
            let factors = factors::<SIZE>(agent, q);
            // SAFETY: as the caller says.
            unsafe {
                let t = t.add(q * SIZE * SIZE / 2);
                let residual = [agent.residual[q], agent.residual[other]]
                    .map(|at| arena.cast_const().add(at as usize));
                for column in 0..SIZE.div_ceil(16) {
                    let results = results.add(column * SIZE / 2 * 64);
                    down::<SIZE>(&factors, t, column, residual, results);
                }
                finish::<SIZE>(results, arena.add(out + q * SIZE * SIZE));
            }
        }
    }

    /// One column of 16 cells: for each pair of rows, 16-bit results, in each lane four cells of the
    /// upper row and four of the lower.
    ///
    /// # Safety
    /// As for [`run`], for one output.
    #[inline]
    unsafe fn down<const SIZE: usize>(
        factors: &Factors,
        t: *const i32,
        column: usize,
        residual: [*const u8; 2],
        results: *mut u8,
    ) {
        let rows = SIZE / 2;
        let stride = SIZE.max(16);
        // Neighbours beyond the plane's edge are 0; for 8x8 there is an edge in the middle, too.
        let (mut left, mut right): (__mmask16, __mmask16) = (0xffff, 0xffff);
        if SIZE == 8 {
            (left, right) = (0xfefe, 0x7f7f);
        } else {
            if column == 0 {
                left = 0xfffe;
            }
            if (column + 1) * 16 == SIZE {
                right = 0x7fff;
            }
        }
        let t = t.wrapping_add(column * 16);
        let load = |k: usize| {
            let row = t.wrapping_add(k * stride);
            // SAFETY: 16 pairs from `row` lie in `t`; of those beside them, the masks leave out what
            // may not, and a masked load does not touch what it leaves out.
            unsafe {
                [
                    _mm512_maskz_loadu_epi32(left, row.wrapping_sub(1)),
                    _mm512_loadu_si512(row.cast()),
                    _mm512_maskz_loadu_epi32(right, row.wrapping_add(1)),
                ]
            }
        };
        let zero = _mm512_setzero_si512();
        let mut above = [zero; 3];
        let mut here = load(0);
        let w = &factors.taps;
        for k in 0..rows {
            let below = if k + 1 < rows { load(k + 1) } else { [zero; 3] };
            // SAFETY: the residual planes have all rows.
            let [mut upper, mut lower] = unsafe { rest::<SIZE>(residual, 2 * k, column) };
            upper = _mm512_dpwssd_epi32(factors.start, upper, w[12]);
            lower = _mm512_dpwssd_epi32(factors.start, lower, w[12]);
            for i in 0..3 {
                upper = _mm512_dpwssd_epi32(upper, above[i], w[i]);
                lower = _mm512_dpwssd_epi32(lower, here[i], w[6 + i]);
                upper = _mm512_dpwssd_epi32(upper, here[i], w[3 + i]);
                lower = _mm512_dpwssd_epi32(lower, below[i], w[9 + i]);
            }
            let upper = _mm512_srav_epi32(upper, factors.shift);
            let lower = _mm512_srav_epi32(lower, factors.shift);
            let y = _mm512_mulhrs_epi16(_mm512_packs_epi32(upper, lower), factors.m);
            // SAFETY: `results` has room for 64 bytes a pair of rows and column.
            unsafe { _mm512_store_si512(results.add(k * 64).cast(), y) };
            above = here;
            here = below;
        }
    }

    /// The residual's cells of rows `y` and `y + 1`, as 32-bit numbers.
    ///
    /// # Safety
    /// Both planes have SIZE * SIZE bytes.
    #[inline]
    unsafe fn rest<const SIZE: usize>(
        planes: [*const u8; 2],
        y: usize,
        column: usize,
    ) -> [__m512i; 2] {
        // SAFETY: rows `y` and `y + 1` lie in the planes.
        unsafe {
            [y, y + 1].map(|y| {
                let at = y * SIZE + column * 16;
                let bytes = if SIZE == 8 {
                    _mm_unpacklo_epi64(
                        _mm_loadl_epi64(planes[0].add(at).cast()),
                        _mm_loadl_epi64(planes[1].add(at).cast()),
                    )
                } else {
                    _mm_loadu_si128(planes[0].add(at).cast())
                };
                _mm512_cvtepu8_epi32(bytes)
            })
        }
    }

    /// Clamp the results to bytes and put them into the order of cells.
    ///
    /// # Safety
    /// `results` was filled by [`down`], and `out` has room for the plane (8x8: for two).
    #[inline]
    unsafe fn finish<const SIZE: usize>(results: *const u8, out: *mut u8) {
        // SAFETY: as the caller says; the tables fill a register.
        unsafe {
            let load = |i: usize| _mm512_load_si512(results.add(i * 64).cast());
            let table = |table: &[i32; 16]| _mm512_loadu_si512(table.as_ptr().cast());
            match SIZE {
                8 => {
                    let upper = _mm512_packus_epi16(load(0), load(1));
                    let lower = _mm512_packus_epi16(load(2), load(3));
                    let first = table(&SMALL);
                    let second = _mm512_add_epi32(first, _mm512_set1_epi32(8));
                    let y = _mm512_permutex2var_epi32(upper, first, lower);
                    _mm512_storeu_si512(out.cast(), y);
                    let y = _mm512_permutex2var_epi32(upper, second, lower);
                    _mm512_storeu_si512(out.add(64).cast(), y);
                }
                16 => {
                    let order = table(&MIDDLE);
                    for i in 0..4 {
                        let y = _mm512_packus_epi16(load(2 * i), load(2 * i + 1));
                        let y = _mm512_permutexvar_epi32(order, y);
                        _mm512_storeu_si512(out.add(i * 64).cast(), y);
                    }
                }
                _ => {
                    let order = table(&WIDE);
                    for i in 0..16 {
                        let y = _mm512_packus_epi16(load(i), load(16 + i));
                        let y = _mm512_permutexvar_epi32(order, y);
                        _mm512_storeu_si512(out.add(i * 64).cast(), y);
                    }
                }
            }
        }
    }

    /// The factors of output `q`; for 8x8, of `q` and `q + 1`.
    #[inline]
    fn factors<const SIZE: usize>(agent: &Bank, q: usize) -> Factors {
        let [first, second] = [q, if SIZE == 8 { q + 1 } else { q }];
        let both = |first: i32, second: i32| {
            let low = _mm512_set1_epi32(first);
            if SIZE == 8 { _mm512_mask_set1_epi32(low, 0xff00, second) } else { low }
        };
        let (a, b) = (&agent.taps[first].upright, &agent.taps[second].upright);
        let m = |q: usize| i32::from(agent.m[q]) << 16 | i32::from(agent.m[q]);
        Factors {
            taps: std::array::from_fn(|i| both(a[i], b[i])),
            start: both(agent.start3[first], agent.start3[second]),
            shift: both(agent.s2[first].into(), agent.s2[second].into()),
            m: both(m(first), m(second)),
        }
    }
}
