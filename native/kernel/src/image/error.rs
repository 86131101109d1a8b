//! What can be wrong with a picture or a request to cut one.

use super::frame::{MAX_BYTES, MAX_SIDE};

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ImageError {
    #[error("the picture has {0} bytes, at most {MAX_BYTES} are read; send a smaller file")]
    TooManyBytes(usize),
    #[error(
        "the picture is {0}x{1} pixels, at most {MAX_SIDE} a side are read; scale it down first"
    )]
    TooLarge(usize, usize),
    #[error("the picture has no pixels ({0}x{1})")]
    Empty(usize, usize),
    #[error("the bytes are neither JPEG nor PNG; convert the picture, or send raw RGB or grey")]
    UnknownFormat,
    #[error("the {0} cannot be read ({1}); it may be cut short or damaged")]
    Damaged(&'static str, String),
    #[error("raw pixels of {width}x{height} with {channels} channels take {want} bytes, not {got}")]
    RawSize { width: usize, height: usize, channels: usize, want: usize, got: usize },
    #[error("raw pixels have 1 or 3 channels, not {0}")]
    Channels(usize),
    #[error("the region x {x}, y {y}, side {side} cannot be cut; {why}")]
    Region { x: f64, y: f64, side: f64, why: &'static str },
    #[error("a picture of {0}x{1} cannot be written ({2})")]
    Encode(usize, usize, String),
}

impl ImageError {
    /// Whether it was refused for its size alone.
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::TooManyBytes(_) | Self::TooLarge(..))
    }
}
