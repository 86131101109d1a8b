//! The operations that only move bytes. Each is one piece of Rust, compiled once for each path.

use super::{HEADS_CELLS, HEADS_SIZE};
use crate::bundle::LOGITS;
use crate::plan::{PATCH_SIZE, PATCHES};
use crate::simd::each_path;
use crate::{CROP, CROP_BYTES};

each_path! {
    /// `patch`: 27 planes of 64x64 from the interleaved crop.
    pub fn patch(crop: &[u8; CROP_BYTES], out: &mut [u8]) {
        const CELLS: usize = PATCH_SIZE * PATCH_SIZE;
        let out = &mut out[..PATCHES * CELLS];
        // Rows of the crop above and left of it are 0; every other cell is written below.
        for c in 0..3 {
            for kx in 0..3 {
                out[(kx * 3 + c) * CELLS..][..PATCH_SIZE].fill(0);
            }
        }
        let mut even = [[0u8; PATCH_SIZE]; 3];
        let mut odd = [[0u8; PATCH_SIZE + 1]; 3]; // one cell of 0 first
        for (row, line) in crop.chunks_exact(CROP * 3).enumerate() {
            for c in 0..3 {
                for x in 0..PATCH_SIZE {
                    even[c][x] = line[6 * x + c];
                    odd[c][x + 1] = line[6 * x + 3 + c];
                }
            }
            // Row 2y is the middle one of y; row 2y+1 is the last one of y and the first one of y+1.
            let y = row / 2;
            let places = if row % 2 == 0 { [(1, y), (9, 9)] } else { [(2, y), (0, y + 1)] };
            for (ky, y) in places.into_iter().filter(|&(ky, y)| ky < 3 && y < PATCH_SIZE) {
                for c in 0..3 {
                    let rows = [&odd[c][..PATCH_SIZE], &even[c][..], &odd[c][1..]];
                    for (kx, from) in rows.into_iter().enumerate() {
                        let at = ((ky * 3 + kx) * 3 + c) * CELLS + y * PATCH_SIZE;
                        out[at..][..PATCH_SIZE].copy_from_slice(from);
                    }
                }
            }
        }
    }
}

each_path! {
    /// The crop's own three planes.
    pub fn planes(crop: &[u8; CROP_BYTES], out: &mut [u8]) {
        let (r, rest) = out[..CROP_BYTES].split_at_mut(CROP * CROP);
        let (g, b) = rest.split_at_mut(CROP * CROP);
        for (i, rgb) in crop.chunks_exact(3).enumerate() {
            r[i] = rgb[0];
            g[i] = rgb[1];
            b[i] = rgb[2];
        }
    }
}

each_path! {
    /// `depth`: each plane's 2x2 blocks become cells of four planes of half the side.
    pub fn depth(arena: &mut [u8], inputs: &[u32], size: usize, out: usize) {
        let half = size / 2;
        let cells = half * half;
        for (c, &at) in inputs.iter().enumerate() {
            // Slots are laid out in the order in which they are written.
            let (read, write) = arena.split_at_mut(out);
            let plane = &read[at as usize..][..size * size];
            for dy in 0..2 {
                let even = (dy * 2) * inputs.len() + c;
                let odd = (dy * 2 + 1) * inputs.len() + c;
                for y in 0..half {
                    let row = &plane[(2 * y + dy) * size..][..size];
                    let to = &mut write[even * cells + y * half..][..half];
                    for (to, from) in to.iter_mut().zip(row.chunks_exact(2)) {
                        *to = from[0];
                    }
                    let to = &mut write[odd * cells + y * half..][..half];
                    for (to, from) in to.iter_mut().zip(row.chunks_exact(2)) {
                        *to = from[1];
                    }
                }
            }
        }
    }
}

each_path! {
    /// `up`: nearest, twice the side.
    pub fn up(arena: &mut [u8], inputs: &[u32], size: usize, out: usize) {
        for (c, &at) in inputs.iter().enumerate() {
            let (read, write) = arena.split_at_mut(out);
            let plane = &read[at as usize..][..size * size];
            let to = &mut write[c * 4 * size * size..][..4 * size * size];
            for (from, to) in plane.chunks_exact(size).zip(to.chunks_exact_mut(4 * size)) {
                let (first, second) = to.split_at_mut(2 * size);
                for (&x, to) in from.iter().zip(first.chunks_exact_mut(2)) {
                    to[0] = x;
                    to[1] = x;
                }
                second.copy_from_slice(first);
            }
        }
    }
}

each_path! {
    /// Four logits a cell of 16x16 become the 32x32 cells of a belief.
    pub fn belief(logits: &[[i32; HEADS_CELLS]; LOGITS], out: &mut [i32; 4 * HEADS_CELLS]) {
        for (row, out) in out.chunks_exact_mut(2 * HEADS_SIZE).enumerate() {
            let (y, q) = (row / 2, row % 2 * 2);
            let left = &logits[q][y * HEADS_SIZE..][..HEADS_SIZE];
            let right = &logits[q + 1][y * HEADS_SIZE..][..HEADS_SIZE];
            for (out, (&left, &right)) in out.chunks_exact_mut(2).zip(left.iter().zip(right)) {
                out[0] = left;
                out[1] = right;
            }
        }
    }
}
