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
        let cells = size * size / 4;
        // Slots are laid out in the order in which they are written.
        let (read, write) = arena.split_at_mut(out);
        for (c, &at) in inputs.iter().enumerate() {
            let plane = &read[at as usize..][..size * size];
            for dy in 0..2 {
                let [even, odd] = [0, 1].map(|dx| ((dy * 2 + dx) * inputs.len() + c) * cells);
                let (first, second) = write.split_at_mut(odd);
                let to = (&mut first[even..][..cells], &mut second[..cells]);
                // A side that is known lets the compiler keep a row in registers.
                match size {
                    64 => part::<64, 32>(plane, dy, to),
                    32 => part::<32, 16>(plane, dy, to),
                    16 => part::<16, 8>(plane, dy, to),
                    _ => part_of(plane, size, dy, to),
                }
            }
        }
    }
}

/// The even and the odd cells of every second row.
#[inline(always)]
fn part<const SIZE: usize, const HALF: usize>(
    plane: &[u8],
    dy: usize,
    (even, odd): (&mut [u8], &mut [u8]),
) {
    let rows = plane.as_chunks::<SIZE>().0.iter().skip(dy).step_by(2);
    let to = even.as_chunks_mut::<HALF>().0.iter_mut().zip(odd.as_chunks_mut::<HALF>().0);
    for (row, (even, odd)) in rows.zip(to) {
        // By value, so that the compiler need not think that they overlap.
        let row = *row;
        *even = std::array::from_fn(|x| row[2 * x]);
        *odd = std::array::from_fn(|x| row[2 * x + 1]);
    }
}

/// The same for a side that is not known before.
#[inline(always)]
fn part_of(plane: &[u8], size: usize, dy: usize, (even, odd): (&mut [u8], &mut [u8])) {
    let rows = plane.chunks_exact(size).skip(dy).step_by(2);
    let to = even.chunks_exact_mut(size / 2).zip(odd.chunks_exact_mut(size / 2));
    for (row, (even, odd)) in rows.zip(to) {
        for (x, pair) in row.chunks_exact(2).enumerate() {
            (even[x], odd[x]) = (pair[0], pair[1]);
        }
    }
}

each_path! {
    /// `up`: nearest, twice the side.
    pub fn up(arena: &mut [u8], inputs: &[u32], size: usize, out: usize) {
        let (read, write) = arena.split_at_mut(out);
        for (&at, to) in inputs.iter().zip(write.chunks_exact_mut(4 * size * size)) {
            let plane = &read[at as usize..][..size * size];
            match size {
                8 => twice::<8, 16>(plane, to),
                16 => twice::<16, 32>(plane, to),
                _ => twice_of(plane, size, to),
            }
        }
    }
}

#[inline(always)]
fn twice<const SIZE: usize, const TWICE: usize>(plane: &[u8], to: &mut [u8]) {
    let rows = to.as_chunks_mut::<TWICE>().0.as_chunks_mut::<2>().0;
    for (from, to) in plane.as_chunks::<SIZE>().0.iter().zip(rows) {
        let from = *from; // by value, as in `part`
        let row = std::array::from_fn(|x| from[x / 2]);
        *to = [row, row];
    }
}

/// The same for a side that is not known before.
#[inline(always)]
fn twice_of(plane: &[u8], size: usize, to: &mut [u8]) {
    for (from, to) in plane.chunks_exact(size).zip(to.chunks_exact_mut(4 * size)) {
        for (x, to) in to.iter_mut().enumerate() {
            *to = from[x % (2 * size) / 2];
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
