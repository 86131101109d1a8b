//! The kernel: from a crop's bytes to a vote, in integers only.
//!
//! Read it in the order in which a look runs: [`bundle`] checks what a file claims, [`plan`] lays it
//! out for the path in use, [`swarm`] runs it through [`ops`], [`belief`] turns the last planes into
//! a vote and [`fuse`] turns many hosts' votes into an answer. [`image`] makes the crops.
//! The arithmetic is fixed by `docs/reference/bundle.md`.

pub mod arith;
pub mod belief;
pub mod bundle;
pub mod fuse;
pub mod image;
pub mod ops;
pub mod plan;
pub mod simd;
pub mod swarm;

pub use bundle::{Bundle, BundleError};
pub use image::{Frame, ImageError};
pub use simd::Path;
pub use swarm::Swarm;

/// Joints of a pose, in COCO-17 order.
pub const JOINTS: usize = 17;
/// Peaks of a joint in a vote.
pub const PEAKS: usize = 3;
/// Numbers of one squad's vote: x, y, spread and weight of each peak.
pub const VOTE: usize = JOINTS * PEAKS * 4;
/// A crop's side in pixels.
pub const CROP: usize = 128;
/// Bytes of a crop: interleaved RGB.
pub const CROP_BYTES: usize = CROP * CROP * 3;
