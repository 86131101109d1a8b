//! A picture in memory: RGB, 8 bits a channel, row by row.

use super::error::ImageError;
use super::{crop, decode};
use crate::CROP_BYTES;

/// The largest side of a picture that is read.
pub const MAX_SIDE: usize = 8192;
/// The largest file that is read.
pub const MAX_BYTES: usize = 32 << 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) rgb: Vec<u8>,
}

impl Frame {
    /// Decode a JPEG or a PNG. What its header claims is checked before anything is decoded.
    pub fn decode(bytes: &[u8]) -> Result<Self, ImageError> {
        decode::decode(bytes)
    }

    /// Take raw pixels: 3 channels (RGB) or 1 (grey).
    pub fn from_raw(
        bytes: &[u8],
        width: usize,
        height: usize,
        channels: usize,
    ) -> Result<Self, ImageError> {
        check_size(width, height)?;
        if channels != 1 && channels != 3 {
            return Err(ImageError::Channels(channels));
        }
        let want = width * height * channels;
        if bytes.len() != want {
            let got = bytes.len();
            return Err(ImageError::RawSize { width, height, channels, want, got });
        }
        let rgb = if channels == 3 { bytes.to_vec() } else { grey_to_rgb(bytes) };
        Ok(Self { width, height, rgb })
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn height(&self) -> usize {
        self.height
    }

    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Cut the square at (`x`, `y`) and scale it to the crop's size. Outside the picture is black.
    pub fn crop(
        &self,
        x: f64,
        y: f64,
        side: f64,
        out: &mut [u8; CROP_BYTES],
    ) -> Result<(), ImageError> {
        crop::crop(self, x, y, side, out)
    }
}

pub(super) fn check_size(width: usize, height: usize) -> Result<(), ImageError> {
    if width == 0 || height == 0 {
        return Err(ImageError::Empty(width, height));
    }
    if width > MAX_SIDE || height > MAX_SIDE {
        return Err(ImageError::TooLarge(width, height));
    }
    Ok(())
}

pub(super) fn grey_to_rgb(grey: &[u8]) -> Vec<u8> {
    grey.iter().flat_map(|&v| [v, v, v]).collect()
}
