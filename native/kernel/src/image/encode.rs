//! Frames to files, for overlays that people look at.

use jpeg_encoder::{ColorType, Encoder};

use super::error::ImageError;
use super::frame::check_size;

/// Write RGB pixels as a JPEG; `quality` is cut to 1..=100.
pub fn encode_jpeg(
    rgb: &[u8],
    width: usize,
    height: usize,
    quality: u8,
) -> Result<Vec<u8>, ImageError> {
    check(rgb, width, height)?;
    let mut out = Vec::new();
    Encoder::new(&mut out, quality.clamp(1, 100))
        .encode(rgb, width as u16, height as u16, ColorType::Rgb) // a side is at most MAX_SIDE
        .map_err(|error| ImageError::Encode(width, height, error.to_string()))?;
    Ok(out)
}

/// Write RGB pixels as a PNG.
pub fn encode_png(rgb: &[u8], width: usize, height: usize) -> Result<Vec<u8>, ImageError> {
    check(rgb, width, height)?;
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder
        .write_header()
        .and_then(|mut writer| {
            writer.write_image_data(rgb)?;
            writer.finish()
        })
        .map_err(|error| ImageError::Encode(width, height, error.to_string()))?;
    Ok(out)
}

fn check(rgb: &[u8], width: usize, height: usize) -> Result<(), ImageError> {
    check_size(width, height)?;
    let want = width * height * 3;
    if rgb.len() != want {
        let got = rgb.len();
        return Err(ImageError::RawSize { width, height, channels: 3, want, got });
    }
    Ok(())
}
