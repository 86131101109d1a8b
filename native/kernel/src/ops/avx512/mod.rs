//! 512 bits with VNNI and VBMI. Every function gives the bytes of its namesake in `scalar`.
//!
//! A 1x1 is done for 64 cells at a time: four planes' bytes are interleaved, so that one `vpdpbusd`
//! adds four products to each of 16 sums. A 3x3 is done on `t` with its rows in pairs, so that one
//! `vpdpwssd` adds two products to each of 16 sums, with no shuffle between; see [`bank`].

mod bank;
mod conv;
mod mix;

use std::arch::x86_64::*;

use super::{HEADS_CELLS, Scratch};
use crate::bundle::{LOGITS, OUTPUTS};
use crate::plan::{Bank, Head, Stem};
use mix::{Strip, fresh, kept};

/// What the functions of this path may use; [`crate::Path::supported`] asks for all of it.
macro_rules! features {
    ($($item:item)*) => {
        $(
            #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi")]
            $item
        )*
    };
}
use features;

/// Checked before any pointer is made: the planes that are read lie in the arena.
fn check(furthest: usize, cells: usize, arena: &[u8]) {
    assert!(furthest + cells <= arena.len(), "planes in the arena");
}

pub fn stem(agent: &Stem, arena: &mut [u8], size: usize, out: usize, s: &mut Scratch) {
    let cells = size * size;
    check(agent.mix.furthest, cells, arena);
    assert!(cells.is_multiple_of(64) && out + OUTPUTS * cells <= arena.len());
    // SAFETY: the path has the features; what is read and written was just checked.
    unsafe { stem_cells(agent, arena.as_mut_ptr(), cells, out, s.simd().0) }
}

pub fn bank(agent: &Bank, arena: &mut [u8], size: usize, out: usize, s: &mut Scratch) {
    let cells = size * size;
    check(agent.furthest, cells, arena);
    assert!(out + OUTPUTS * cells <= arena.len());
    let (strip, t, results) = s.simd();
    let arena = arena.as_mut_ptr();
    // SAFETY: the path has the features; what is read and written of the arena was just checked, and
    // the scratch has room for planes of 32x32.
    unsafe {
        match size {
            8 => bank::run::<8>(agent, arena, out, strip, t.cast(), results),
            16 => bank::run::<16>(agent, arena, out, strip, t.cast(), results),
            32 => bank::run::<32>(agent, arena, out, strip, t.cast(), results),
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

features! {
    /// # Safety
    /// The arena has the agent's planes and `out`, and `strip` has room for [`Strip`].
    unsafe fn stem_cells(agent: &Stem, arena: *mut u8, cells: usize, out: usize, strip: Strip) {
        for at in (0..cells).step_by(64) {
            for q in [0, 4] {
                // SAFETY: `at` and 64 cells from there lie in every plane.
                let sums = unsafe {
                    if q == 0 {
                        fresh::<OUTPUTS, true>(&agent.mix, arena, at, &agent.start, strip)
                    } else {
                        kept(&agent.mix, &agent.start, strip)
                    }
                };
                for (i, sums) in sums.into_iter().enumerate() {
                    let q = q + i;
                    let shift = _mm512_set1_epi32(agent.s2[q].into());
                    let m = _mm512_set1_epi16(agent.m[q]);
                    let sums = sums.map(|sum| _mm512_srav_epi32(sum, shift));
                    let low = _mm512_mulhrs_epi16(_mm512_packs_epi32(sums[0], sums[1]), m);
                    let high = _mm512_mulhrs_epi16(_mm512_packs_epi32(sums[2], sums[3]), m);
                    let y = _mm512_packus_epi16(low, high);
                    // SAFETY: `out` has room for all planes.
                    unsafe { _mm512_storeu_si512(arena.add(out + q * cells + at).cast(), y) };
                }
            }
        }
    }

    /// # Safety
    /// The arena has the agents' planes.
    unsafe fn heads_cells(
        agents: &[Head],
        arena: *const u8,
        logits: &mut [[i32; HEADS_CELLS]; LOGITS],
    ) {
        let mut start = [0i32; LOGITS];
        for agent in agents {
            for (start, b) in start.iter_mut().zip(agent.b) {
                *start += b;
            }
        }
        for at in (0..HEADS_CELLS).step_by(64) {
            let mut sums = start.map(|start| [_mm512_set1_epi32(start); 4]);
            for agent in agents {
                // SAFETY: `at` and 64 cells from there lie in every plane.
                sums = unsafe {
                    mix::add::<LOGITS, false>(&agent.mix, arena, at, sums, std::ptr::null_mut())
                };
            }
            for (logits, sums) in logits.iter_mut().zip(sums) {
                let linear = mix::linear(sums);
                for (out, sums) in logits[at..at + 64].chunks_exact_mut(16).zip(linear) {
                    // SAFETY: the chunk has 16 logits.
                    unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), sums) };
                }
            }
        }
    }
}
