//! The 1x1 that every agent begins with: a few planes, mixed into `outputs` sums.

use crate::Path;

/// A mix's weights twice: as the scalar path reads them, and packed for the path in use.
pub struct Mix {
    /// Offsets of the planes read, padded to [`lanes`] with the first one again (its weight is 0).
    pub planes: Vec<u32>,
    /// `[outputs][n]`
    pub weights: Vec<i8>,
    /// `[planes / lanes][outputs]`, each the weights of `lanes` planes: four `i8` for `vpdpbusd`, two
    /// `i16` for `vpmaddwd` (`vpmaddubsw` saturates at 16 bits). Empty for the scalar path.
    pub packed: Vec<i32>,
    /// Planes before padding.
    pub n: usize,
    /// The last of the offsets: where this plane lies in the arena, all do.
    pub furthest: usize,
}

/// Planes that one multiplication of a path takes together.
pub fn lanes(path: Path) -> usize {
    match path {
        Path::Scalar => 1,
        Path::Avx2 => 2,
        Path::Avx512 => 4,
    }
}

impl Mix {
    /// `inputs` index `slots`, the offsets of the operation's planes.
    pub fn new(
        inputs: &[usize],
        slots: &[u32],
        weights: &[i8],
        outputs: usize,
        path: Path,
    ) -> Self {
        let n = inputs.len();
        let lanes = lanes(path);
        let mut planes: Vec<u32> = inputs.iter().map(|&i| slots[i]).collect();
        planes.resize(n.next_multiple_of(lanes), planes[0]);

        let weight = |q: usize, i: usize| if i < n { weights[q * n + i] } else { 0 };
        let mut packed = Vec::new();
        for group in (0..n).step_by(lanes) {
            for q in 0..outputs {
                match path {
                    Path::Scalar => {}
                    Path::Avx2 => {
                        packed.push(pair(weight(q, group).into(), weight(q, group + 1).into()));
                    }
                    Path::Avx512 => {
                        let quad = std::array::from_fn(|lane| weight(q, group + lane) as u8);
                        packed.push(i32::from_le_bytes(quad));
                    }
                }
            }
        }
        let furthest = furthest(&planes);
        Self { planes, weights: weights.to_vec(), packed, n, furthest }
    }
}

/// The largest of some offsets.
pub fn furthest(planes: &[u32]) -> usize {
    planes.iter().copied().max().unwrap_or(0) as usize
}

/// Two `i16` in one `i32`, the first one low.
pub fn pair(low: i16, high: i16) -> i32 {
    (i32::from(low) & 0xffff) | (i32::from(high) << 16)
}
