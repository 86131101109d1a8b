//! Agents as the operations read them.

use super::mix::{Mix, furthest, pair};
use crate::Path;
use crate::arith::half;
use crate::bundle::{BankAgent, HeadAgent, LOGITS, OUTPUTS, StemAgent};

pub struct Stem {
    pub mix: Mix,
    /// What the sums start from: the bias, and the half that rounds the shift.
    pub start: [i32; OUTPUTS],
    pub s2: [u8; OUTPUTS],
    pub m: [i16; OUTPUTS],
}

impl Stem {
    pub fn new(agent: &StemAgent, slots: &[u32], path: Path) -> Self {
        Self {
            mix: Mix::new(&agent.inputs, slots, &agent.w1, OUTPUTS, path),
            start: std::array::from_fn(|q| agent.b[q] + half(agent.s2[q])),
            s2: agent.s2,
            m: agent.m,
        }
    }
}

pub struct Bank {
    pub mix: Mix,
    /// What the 1x1's sums start from: the half that rounds the shift.
    pub start1: [i32; OUTPUTS],
    pub s1: [u8; OUTPUTS],
    pub taps: [Taps; OUTPUTS],
    /// What the 3x3's sums start from: the bias, and the half that rounds the shift.
    pub start3: [i32; OUTPUTS],
    pub s2: [u8; OUTPUTS],
    pub m: [i16; OUTPUTS],
    /// The planes that the residual adds; where it has none, any plane, with a factor of 0.
    pub residual: [u32; OUTPUTS],
    /// The last plane that is read.
    pub furthest: usize,
}

impl Bank {
    pub fn new(agent: &BankAgent, slots: &[u32], path: Path) -> Self {
        let mix = Mix::new(&agent.inputs, slots, &agent.w1, OUTPUTS, path);
        let residual: [u32; OUTPUTS] =
            std::array::from_fn(|q| agent.residual.map_or(slots[0], |first| slots[first + q]));
        Self {
            furthest: mix.furthest.max(furthest(&residual)),
            mix,
            start1: std::array::from_fn(|q| half(agent.s1[q])),
            s1: agent.s1,
            taps: std::array::from_fn(|q| Taps::new(&agent.w3[q], agent.r[q])),
            start3: std::array::from_fn(|q| agent.b[q] + half(agent.s2[q])),
            s2: agent.s2,
            m: agent.m,
            residual,
        }
    }
}

/// A 3x3 and the residual's factor, as each path multiplies them.
pub struct Taps {
    pub w: [i16; 9],
    pub r: i16,
    /// AVX2, neighbours side by side: taps 0 and 1, 2 and 3, 4 and 5, 6 and 7, 8 and the residual.
    pub flat: [i32; 5],
    /// AVX-512, where rows 2k and 2k+1 of `t` are stored as pairs `P(k)`: of each column of taps
    /// what `P(k-1)` and `P(k)` add to row 2k, then what `P(k)` and `P(k+1)` add to row 2k+1. Last
    /// the residual.
    pub upright: [i32; 13],
}

impl Taps {
    fn new(w3: &[i8; 9], r: i16) -> Self {
        let w = w3.map(i16::from);
        let mut upright = [0; 13];
        for column in 0..3 {
            let [top, middle, bottom] = [w[column], w[3 + column], w[6 + column]];
            upright[column] = pair(0, top);
            upright[3 + column] = pair(middle, bottom);
            upright[6 + column] = pair(top, middle);
            upright[9 + column] = pair(bottom, 0);
        }
        upright[12] = pair(r, 0);
        let flat =
            [pair(w[0], w[1]), pair(w[2], w[3]), pair(w[4], w[5]), pair(w[6], w[7]), pair(w[8], r)];
        Self { w, r, flat, upright }
    }
}

pub struct Head {
    pub mix: Mix,
    pub b: [i32; LOGITS],
}

impl Head {
    pub fn new(agent: &HeadAgent, slots: &[u32], path: Path) -> Self {
        Self { mix: Mix::new(&agent.inputs, slots, &agent.w1, LOGITS, path), b: agent.b }
    }
}
