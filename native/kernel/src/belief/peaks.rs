//! `From belief to vote` in `docs/reference/bundle.md`.

use super::exp::{EXP, REACH};
use crate::PEAKS;
use crate::simd::each_path;

/// Side of a belief map.
pub const SIDE: usize = 32;
const CELLS: usize = SIDE * SIDE;
/// Cells on each side of a peak that belong to its window.
const WINDOW: usize = 2;
/// Weight from which a later peak is told of: 3 %.
const LEAST_WEIGHT: u64 = 1966;

/// Room for one belief map's exponentials.
pub struct Peaks {
    e: [u16; CELLS],
}

impl Default for Peaks {
    fn default() -> Self {
        Self { e: [0; CELLS] }
    }
}

each_path! {
    /// Write the peaks of `logits` to `vote`: x, y, spread, weight of each, zeros where there is none.
    pub fn peaks(
        logits: &[i32; CELLS],
        sharpness: i64,
        room: &mut Peaks,
        vote: &mut [u16; PEAKS * 4],
    ) {
        exponentials(logits, sharpness as u64, &mut room.e);
        let sum: u64 = room.e.iter().map(|&e| u32::from(e)).sum::<u32>().into();
        vote.fill(0);
        for (k, out) in vote.chunks_exact_mut(4).enumerate() {
            let top = room.e.iter().fold(0, |top, &e| top.max(e));
            let Some(at) = room.e.iter().position(|&e| e == top) else { break };
            if top == 0 {
                break;
            }
            let peak = measure(&mut room.e, at / SIDE, at % SIDE, sum);
            if k > 0 && u64::from(peak[3]) < LEAST_WEIGHT {
                continue;
            }
            out.copy_from_slice(&peak);
        }
    }
}

/// `e` of each cell. A cell that is `limit` or more below the top has none, so a difference is cut
/// there first: then its product fits 32 bits, and the loop has neither a branch nor a wide number.
#[inline(always)]
fn exponentials(logits: &[i32; CELLS], sharpness: u64, e: &mut [u16; CELLS]) {
    let top = logits.iter().fold(i32::MIN, |top, &logit| top.max(logit));
    let limit = ((REACH as u64) << 16).div_ceil(sharpness);
    let (limit, sharpness) = (limit as u32, sharpness as u32);
    for (e, &logit) in e.iter_mut().zip(logits) {
        let difference = (top.wrapping_sub(logit) as u32).min(limit);
        let i = difference.wrapping_mul(sharpness) >> 16;
        *e = EXP[(i as usize).min(REACH)];
    }
}

/// Measure the peak at (`py`, `px`) and cover its window, so that no later peak sees it.
#[inline(always)]
fn measure(e: &mut [u16; CELLS], py: usize, px: usize, sum: u64) -> [u16; 4] {
    let rows = py.saturating_sub(WINDOW)..(py + WINDOW + 1).min(SIDE);
    let columns = px.saturating_sub(WINDOW)..(px + WINDOW + 1).min(SIDE);
    let centre = |cell: usize| 64 * cell as u64 + 32;
    let (mut mass, mut sx, mut sy) = (0u64, 0u64, 0u64);
    for y in rows.clone() {
        for x in columns.clone() {
            let e = u64::from(e[y * SIDE + x]);
            mass += e;
            sx += e * centre(x);
            sy += e * centre(y);
        }
    }
    let x = (sx + mass / 2) / mass;
    let y = (sy + mass / 2) / mass;
    let mut squares = 0u64;
    for row in rows {
        for column in columns.clone() {
            let e = std::mem::take(&mut e[row * SIDE + column]);
            let (dx, dy) = (centre(column).abs_diff(x), centre(row).abs_diff(y));
            squares += u64::from(e) * (dx * dx + dy * dy);
        }
    }
    let spread = (squares / (2 * mass)).isqrt();
    let weight = mass * 65535 / sum;
    // x and y are below 2048, the spread is below 256, and the mass is a part of the sum.
    [x as u16, y as u16, spread as u16, weight as u16]
}
