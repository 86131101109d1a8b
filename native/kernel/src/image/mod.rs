//! Pictures: decoded within bounds, cut into crops, and written again for people.
//!
//! Which crates, and why: `zune-jpeg` decodes JPEG faster than the others that are written in safe
//! Rust, is fuzzed, and takes limits; `png` is the one that the `image` crate itself uses, and takes
//! limits too; `jpeg-encoder` is small. The `image` crate would bring a dozen formats that nobody
//! sends. The scaling is our own (`crop`): one square, one size, a hundred lines.

mod crop;
mod decode;
mod encode;
mod error;
mod exif;
mod frame;

pub use decode::{Format, Header, probe};
pub use encode::{encode_jpeg, encode_png};
pub use error::ImageError;
pub use frame::{Frame, MAX_BYTES, MAX_SIDE};
