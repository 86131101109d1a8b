//! 256 bits without a dot-product instruction. Every function gives the bytes of its namesake in
//! `scalar`.
//!
//! `vpmaddubsw` would multiply bytes, but saturates its pairs at 16 bits; so bytes are widened, and
//! `vpmaddwd` adds two products to each of 8 sums.

mod conv;
mod mix;

use std::arch::x86_64::*;

use super::{HEADS_CELLS, Scratch};
use crate::bundle::{LOGITS, OUTPUTS};
use crate::plan::{Bank, Head, Stem};
use mix::{Strip, add, kept};

/// Checked before any pointer is made: the planes that are read lie in the arena.
fn check(furthest: usize, cells: usize, arena: &[u8]) {
    assert!(furthest + cells <= arena.len(), "planes in the arena");
}

pub fn stem(agent: &Stem, arena: &mut [u8], size: usize, out: usize, s: &mut Scratch) {
    let cells = size * size;
    check(agent.mix.furthest, cells, arena);
    assert!(cells.is_multiple_of(32) && out + OUTPUTS * cells <= arena.len());
    // SAFETY: the path has the features; what is read and written was just checked.
    unsafe { stem_cells(agent, arena.as_mut_ptr(), cells, out, s.simd().0) }
}

pub fn bank(agent: &Bank, arena: &mut [u8], size: usize, out: usize, s: &mut Scratch) {
    let cells = size * size;
    check(agent.furthest, cells, arena);
    assert!(out + OUTPUTS * cells <= arena.len());
    let (strip, t, _) = s.simd();
    let arena = arena.as_mut_ptr();
    // SAFETY: the path has the features; what is read and written of the arena was just checked, and
    // the scratch has room for planes of 32x32.
    unsafe {
        match size {
            8 => conv::bank::<8>(agent, arena, out, strip, t.cast()),
            16 => conv::bank::<16>(agent, arena, out, strip, t.cast()),
            32 => conv::bank::<32>(agent, arena, out, strip, t.cast()),
            _ => unreachable!("banks of other sizes go to the scalar path"),
        }
    }
}

pub fn heads(agents: &[Head], arena: &[u8], s: &mut Scratch) {
    for agent in agents {
        check(agent.mix.furthest, HEADS_CELLS, arena);
    }
    // SAFETY: the path has the features; what is read was just checked, and the logits have room.
    unsafe { heads_cells(agents, arena.as_ptr(), &mut s.logits) }
}

/// # Safety
/// The arena has the agent's planes and `out`, and `strip` has room for [`Strip`].
#[target_feature(enable = "avx2")]
unsafe fn stem_cells(agent: &Stem, arena: *mut u8, cells: usize, out: usize, strip: Strip) {
    for at in (0..cells).step_by(32) {
        for q in (0..OUTPUTS).step_by(2) {
            let start = mix::start(&agent.start, q);
            // SAFETY: `at` and 32 cells from there lie in every plane.
            let sums = unsafe {
                if q == 0 {
                    add::<OUTPUTS, true>(&agent.mix, arena, at, q, start, strip)
                } else {
                    kept(&agent.mix, q, start, strip)
                }
            };
            for (i, sums) in sums.into_iter().enumerate() {
                let q = q + i;
                let (low, high) = mix::shifted(sums, agent.s2[q]);
                let m = _mm256_set1_epi16(agent.m[q]);
                let y =
                    _mm256_packus_epi16(_mm256_mulhrs_epi16(low, m), _mm256_mulhrs_epi16(high, m));
                // SAFETY: `out` has room for all planes.
                unsafe { _mm256_storeu_si256(arena.add(out + q * cells + at).cast(), y) };
            }
        }
    }
}

/// # Safety
/// The arena has the agents' planes.
#[target_feature(enable = "avx2")]
unsafe fn heads_cells(
    agents: &[Head],
    arena: *const u8,
    logits: &mut [[i32; HEADS_CELLS]; LOGITS],
) {
    for q in (0..LOGITS).step_by(2) {
        let mut start = [0i32; LOGITS];
        for agent in agents {
            for (start, b) in start.iter_mut().zip(agent.b) {
                *start += b;
            }
        }
        for at in (0..HEADS_CELLS).step_by(32) {
            let mut sums = mix::start(&start, q);
            for agent in agents {
                let none = std::ptr::null_mut();
                // SAFETY: `at` and 32 cells from there lie in every plane.
                sums = unsafe { add::<LOGITS, false>(&agent.mix, arena, at, q, sums, none) };
            }
            for (logits, sums) in logits[q..].iter_mut().zip(sums) {
                let linear = mix::linear(sums);
                for (out, sums) in logits[at..at + 32].chunks_exact_mut(8).zip(linear) {
                    // SAFETY: the chunk has 8 logits.
                    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), sums) };
                }
            }
        }
    }
}
