//! A square of a frame, scaled to the crop: area averages where it shrinks, bilinear where it grows.
//!
//! Rows and columns are done apart. Rows go first, because their loop runs along memory and the
//! compiler makes SIMD of it; what is left for the columns is 128 short rows. Weights are integers,
//! so the same frame and region give the same crop everywhere.

use super::error::ImageError;
use super::frame::Frame;
use crate::simd::each_path;
use crate::{CROP, CROP_BYTES, Path};

/// Bits of a row's weight: 1 is `1 << ROWS`, so that a sum of pixels fits 16 bits, which makes the
/// longest loop twice as wide. Nothing is rounded before the columns are done.
const ROWS: u32 = 8;
/// Bits of a column's weight: sums fit 31 bits.
const COLUMNS: u32 = 14;
/// The furthest that a region may reach, in pixels; far beyond any picture.
const FAR: f64 = 1e6;

/// The pixels that one cell is made of. Those outside the picture are left out: they are black.
struct Window {
    first: usize,
    weights: Vec<u16>,
}

pub fn crop(
    frame: &Frame,
    x: f64,
    y: f64,
    side: f64,
    out: &mut [u8; CROP_BYTES],
) -> Result<(), ImageError> {
    check(x, y, side)?;
    let columns = windows(x, side, frame.width, COLUMNS);
    let rows = windows(y, side, frame.height, ROWS);
    let used = columns.iter().filter(|window| !window.weights.is_empty());
    let left = used.clone().map(|window| window.first).min().unwrap_or(0);
    let right = used.map(|window| window.first + window.weights.len()).max().unwrap_or(0);

    let path = Path::best(); // all paths agree, so there is nothing to choose here
    let mut sums = vec![0u16; (right - left) * 3];
    for (window, out) in rows.iter().zip(out.chunks_exact_mut(CROP * 3)) {
        sums.fill(0);
        for (k, &weight) in window.weights.iter().enumerate() {
            let at = ((window.first + k) * frame.width + left) * 3;
            add(path, &frame.rgb[at..][..sums.len()], weight, &mut sums);
        }
        shrink(path, &sums, &columns, left, out);
    }
    Ok(())
}

fn check(x: f64, y: f64, side: f64) -> Result<(), ImageError> {
    let refuse = |why| Err(ImageError::Region { x, y, side, why });
    if !(x.is_finite() && y.is_finite() && side.is_finite()) {
        return refuse("its numbers must be finite");
    }
    if side <= 0.0 {
        return refuse("its side must be larger than 0");
    }
    if x.abs() > FAR || y.abs() > FAR || side > FAR {
        return refuse("it must lie within a million pixels");
    }
    Ok(())
}

/// The windows of 128 cells that lie along `side` pixels from `start`, in a picture of `length`.
fn windows(start: f64, side: f64, length: usize, bits: u32) -> Vec<Window> {
    let scale = side / CROP as f64;
    // A cell's share of the pixels left of `at`: a ramp as wide as the cell, or as a pixel.
    let width = scale.max(1.0);
    let one = f64::from(1 << bits);
    (0..CROP)
        .map(|cell| {
            let centre = start + (cell as f64 + 0.5) * scale;
            let (low, high) = if scale >= 1.0 {
                (centre - width / 2.0, centre + width / 2.0)
            } else {
                // The two pixels whose centres lie about this one.
                (centre - 0.5, centre + 0.5)
            };
            let share = |at: f64| (((at - low) / width).clamp(0.0, 1.0) * one).round() as u16;
            let first = low.floor().clamp(0.0, length as f64) as usize;
            let end = high.ceil().clamp(0.0, length as f64) as usize;
            let weight = |pixel: usize| share(pixel as f64 + 1.0) - share(pixel as f64);
            Window { first, weights: (first..end).map(weight).collect() }
        })
        .collect()
}

each_path! {
    /// Add a row of pixels, weighted.
    fn add(pixels: &[u8], weight: u16, sums: &mut [u16]) {
        for (sum, &pixel) in sums.iter_mut().zip(pixels) {
            // The weights of a window sum to 1 at most, so this stays within 255 << ROWS.
            *sum = sum.wrapping_add(weight.wrapping_mul(u16::from(pixel)));
        }
    }
}

each_path! {
    /// One row of the crop from the summed rows of the frame.
    fn shrink(line: &[u16], columns: &[Window], left: usize, out: &mut [u8]) {
        for (window, out) in columns.iter().zip(out.chunks_exact_mut(3)) {
            let mut sums = [1u32 << (ROWS + COLUMNS - 1); 3];
            if !window.weights.is_empty() {
                let pixels = &line[(window.first - left) * 3..][..window.weights.len() * 3];
                for (pixel, &weight) in pixels.as_chunks::<3>().0.iter().zip(&window.weights) {
                    for c in 0..3 {
                        sums[c] += u32::from(weight) * u32::from(pixel[c]);
                    }
                }
            }
            out.copy_from_slice(&sums.map(|sum| (sum >> (ROWS + COLUMNS)) as u8));
        }
    }
}
