//! From a belief map to the peaks of a vote.

mod exp;
mod peaks;

pub use exp::{EXP, REACH};
pub use peaks::{Peaks, SIDE, peaks};
