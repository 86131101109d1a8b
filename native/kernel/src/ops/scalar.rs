//! The reference: each operation as `docs/reference/bundle.md` writes it.

use super::{HEADS_CELLS, Scratch};
use crate::arith::{rescale, rshift, sat16};
use crate::bundle::{LOGITS, OUTPUTS};
use crate::plan::{Bank, Head, Mix, Stem};

/// Output `q` of a mix over planes of `sums.len()` cells, added to what `sums` holds.
fn mix(mix: &Mix, q: usize, arena: &[u8], sums: &mut [i32]) {
    let weights = &mix.weights[q * mix.n..][..mix.n];
    for (&at, &w) in mix.planes.iter().zip(weights) {
        let plane = &arena[at as usize..][..sums.len()];
        for (sum, &x) in sums.iter_mut().zip(plane) {
            *sum += i32::from(w) * i32::from(x);
        }
    }
}

pub fn stem(agent: &Stem, arena: &mut [u8], size: usize, out: usize, s: &mut Scratch) {
    let cells = size * size;
    let (sums, _) = s.sums_and_t(size);
    for q in 0..OUTPUTS {
        sums.fill(agent.start[q]);
        mix(&agent.mix, q, arena, sums);
        let plane = &mut arena[out + q * cells..][..cells];
        for (y, &sum) in plane.iter_mut().zip(sums.iter()) {
            *y = rescale(sum >> agent.s2[q], agent.m[q]);
        }
    }
}

pub fn bank(agent: &Bank, arena: &mut [u8], size: usize, out: usize, s: &mut Scratch) {
    let cells = size * size;
    for q in 0..OUTPUTS {
        let (sums, t) = s.sums_and_t(size);
        sums.fill(0);
        mix(&agent.mix, q, arena, sums);
        // `t` has a border of zeros, one cell wide.
        let stride = size + 2;
        for (y, row) in sums.chunks_exact(size).enumerate() {
            let t = &mut t[(y + 1) * stride + 1..][..size];
            for (t, &sum) in t.iter_mut().zip(row) {
                *t = sat16(rshift(sum, agent.s1[q]));
            }
        }
        let taps = &agent.taps[q];
        for y in 0..size {
            for x in 0..size {
                let mut sum = agent.start3[q];
                for ky in 0..3 {
                    let row = &t[(y + ky) * stride + x..][..3];
                    for (&w, &t) in taps.w[ky * 3..].iter().zip(row) {
                        sum += i32::from(w) * i32::from(t);
                    }
                }
                let x_res = arena[agent.residual[q] as usize + y * size + x];
                sum += i32::from(taps.r) * i32::from(x_res);
                // The half that rounds is in `start3`.
                arena[out + q * cells + y * size + x] = rescale(sum >> agent.s2[q], agent.m[q]);
            }
        }
    }
}

pub fn heads(agents: &[Head], arena: &[u8], s: &mut Scratch) {
    for q in 0..LOGITS {
        let sums = &mut s.logits[q];
        sums.fill(agents.iter().map(|agent| agent.b[q]).sum());
        for agent in agents {
            mix(&agent.mix, q, arena, &mut sums[..HEADS_CELLS]);
        }
    }
}
