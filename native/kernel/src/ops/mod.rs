//! The closed set of operations. `scalar` is the reference; `avx2` and `avx512` give the same bytes.

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod avx512;
mod moves;
pub mod scalar;
mod scratch;

pub use moves::{belief, depth, patch, planes, up};
pub use scratch::Scratch;

use crate::Path;
use crate::plan::{Bank, Head, Stem};

/// Side of the planes that heads read.
pub const HEADS_SIZE: usize = 16;
/// Cells of those.
pub const HEADS_CELLS: usize = HEADS_SIZE * HEADS_SIZE;

/// One stem agent: writes its 8 planes of `cells` bytes to `out`.
pub fn stem(path: Path, agent: &Stem, arena: &mut [u8], size: usize, out: usize, s: &mut Scratch) {
    match path {
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 if (size * size).is_multiple_of(32) => avx2::stem(agent, arena, size, out, s),
        #[cfg(target_arch = "x86_64")]
        Path::Avx512 if (size * size).is_multiple_of(64) => {
            avx512::stem(agent, arena, size, out, s);
        }
        _ => scalar::stem(agent, arena, size, out, s),
    }
}

/// One bank agent: writes its 8 planes of `size` x `size` bytes to `out`.
pub fn bank(path: Path, agent: &Bank, arena: &mut [u8], size: usize, out: usize, s: &mut Scratch) {
    match (path, size) {
        #[cfg(target_arch = "x86_64")]
        (Path::Avx2, 8 | 16 | 32) => avx2::bank(agent, arena, size, out, s),
        #[cfg(target_arch = "x86_64")]
        (Path::Avx512, 8 | 16 | 32) => avx512::bank(agent, arena, size, out, s),
        // Other sizes are allowed and rare.
        _ => scalar::bank(agent, arena, size, out, s),
    }
}

/// The agents of one joint: their summed logits go to `s.logits`.
pub fn heads(path: Path, agents: &[Head], arena: &[u8], s: &mut Scratch) {
    match path {
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => avx2::heads(agents, arena, s),
        #[cfg(target_arch = "x86_64")]
        Path::Avx512 => avx512::heads(agents, arena, s),
        _ => scalar::heads(agents, arena, s),
    }
}
