//! Room for the operations' intermediate values, allocated once. Nothing in it outlives an operation.

use super::HEADS_CELLS;
use crate::bundle::LOGITS;
use crate::plan::{Bytes64, aligned};

pub struct Scratch {
    /// Scalar: a plane's sums.
    sums: Vec<i32>,
    /// Scalar: a plane's `t` with a border of zeros.
    t: Vec<i16>,
    /// The logits of one joint.
    pub logits: [[i32; HEADS_CELLS]; LOGITS],
    /// SIMD: what each path lays out for itself.
    lines: Vec<Bytes64>,
}

/// SIMD: inputs of a strip of cells, interleaved (64 planes of 64 cells).
pub const STRIP: usize = 64 * 64;
/// SIMD: `t` of an agent's 8 planes of at most 32x32, in rows of 16-bit values (AVX2: with borders).
pub const T: usize = 8 * 34 * 48 * 2;
/// SIMD: a plane of 16-bit results.
pub const RESULTS: usize = 32 * 32 * 2;

impl Scratch {
    /// For planes of at most `size` x `size`.
    pub fn new(size: usize) -> Self {
        Self {
            sums: vec![0; size * size],
            t: vec![0; (size + 2) * (size + 2)],
            logits: [[0; HEADS_CELLS]; LOGITS],
            lines: aligned(STRIP + T + RESULTS),
        }
    }

    /// Sums for a plane, and a `t` whose border is zero.
    pub fn sums_and_t(&mut self, size: usize) -> (&mut [i32], &mut [i16]) {
        let t = &mut self.t[..(size + 2) * (size + 2)];
        t.fill(0);
        (&mut self.sums[..size * size], t)
    }

    /// Where a strip, `t` and results start; each on a cache line, as long as its constant says.
    pub fn simd(&mut self) -> (*mut u8, *mut u8, *mut u8) {
        let (strip, rest) = self.lines.split_at_mut(STRIP / 64);
        let (t, results) = rest.split_at_mut(T / 64);
        (strip.as_mut_ptr().cast(), t.as_mut_ptr().cast(), results.as_mut_ptr().cast())
    }
}
