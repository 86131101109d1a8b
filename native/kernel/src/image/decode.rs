//! JPEG and PNG to frames.

use std::io::Cursor;

use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::error::ImageError;
use super::exif;
use super::frame::{Frame, MAX_BYTES, MAX_SIDE, check_size, grey_to_rgb};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Format::Jpeg => "jpeg",
            Format::Png => "png",
        }
    }

    fn of(bytes: &[u8]) -> Result<Self, ImageError> {
        if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            Ok(Format::Jpeg)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Ok(Format::Png)
        } else {
            Err(ImageError::UnknownFormat)
        }
    }
}

/// What a file says of itself; the size is that of the frame it decodes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub format: Format,
    pub width: usize,
    pub height: usize,
}

/// Read a file's header only.
pub fn probe(bytes: &[u8]) -> Result<Header, ImageError> {
    let format = check(bytes)?;
    let (width, height) = match format {
        Format::Jpeg => {
            let (decoder, width, height) = open_jpeg(bytes)?;
            let turned = decoder.exif().is_some_and(|exif| exif::orientation(exif) >= 5);
            if turned { (height, width) } else { (width, height) }
        }
        Format::Png => {
            let reader = open_png(bytes)?;
            let (width, height) = reader.info().size();
            (width as usize, height as usize)
        }
    };
    check_size(width, height)?;
    Ok(Header { format, width, height })
}

pub fn decode(bytes: &[u8]) -> Result<Frame, ImageError> {
    match check(bytes)? {
        Format::Jpeg => jpeg(bytes),
        Format::Png => png(bytes),
    }
}

fn check(bytes: &[u8]) -> Result<Format, ImageError> {
    if bytes.len() > MAX_BYTES {
        return Err(ImageError::TooManyBytes(bytes.len()));
    }
    Format::of(bytes)
}

type Jpeg<'a> = JpegDecoder<Cursor<&'a [u8]>>;

fn open_jpeg(bytes: &[u8]) -> Result<(Jpeg<'_>, usize, usize), ImageError> {
    // Strict, so that a file that is cut short is an error and not a half grey picture. The limits
    // here are wide: our own check, below, tells the size.
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(1 << 16)
        .set_max_height(1 << 16)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| damaged("JPEG", error))?;
    let (width, height) = decoder.dimensions().ok_or_else(|| damaged("JPEG", "it has no size"))?;
    check_size(width, height)?;
    Ok((decoder, width, height))
}

fn jpeg(bytes: &[u8]) -> Result<Frame, ImageError> {
    let (mut decoder, width, height) = open_jpeg(bytes)?;
    let pixels = decoder.decode().map_err(|error| damaged("JPEG", error))?;
    let orientation = decoder.exif().map_or(1, |exif| exif::orientation(exif));
    let rgb = match decoder.output_colorspace() {
        Some(ColorSpace::Luma) => grey_to_rgb(&pixels),
        _ => pixels,
    };
    finish("JPEG", width, height, rgb).map(|frame| exif::turn(frame, orientation))
}

fn open_png(bytes: &[u8]) -> Result<png::Reader<Cursor<&[u8]>>, ImageError> {
    let limits = png::Limits { bytes: MAX_SIDE * MAX_SIDE * 8 };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    // Palettes, 1, 2, 4 and 16 bits: all become 8 bits a channel.
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let header = decoder.read_header_info().map_err(|error| damaged("PNG", error))?;
    check_size(header.width as usize, header.height as usize)?;
    decoder.read_info().map_err(|error| damaged("PNG", error))
}

fn png(bytes: &[u8]) -> Result<Frame, ImageError> {
    let mut reader = open_png(bytes)?;
    let size = reader.output_buffer_size().ok_or_else(|| damaged("PNG", "it is too large"))?;
    let mut pixels = vec![0; size];
    let info = reader.next_frame(&mut pixels).map_err(|error| damaged("PNG", error))?;
    pixels.truncate(info.buffer_size());
    let rgb = match info.color_type {
        png::ColorType::Rgb => pixels,
        png::ColorType::Grayscale => grey_to_rgb(&pixels),
        // What is transparent is shown on black, as what is outside the picture is.
        png::ColorType::Rgba => {
            pixels.chunks_exact(4).flat_map(|p| [0, 1, 2].map(|c| over_black(p[c], p[3]))).collect()
        }
        png::ColorType::GrayscaleAlpha => {
            pixels.chunks_exact(2).flat_map(|p| [over_black(p[0], p[1]); 3]).collect()
        }
        png::ColorType::Indexed => return Err(damaged("PNG", "its palette was not expanded")),
    };
    finish("PNG", info.width as usize, info.height as usize, rgb)
}

fn over_black(value: u8, alpha: u8) -> u8 {
    ((u32::from(value) * u32::from(alpha) + 127) / 255) as u8
}

/// A decoder that gave other bytes than it announced would make every later index wrong.
fn finish(
    name: &'static str,
    width: usize,
    height: usize,
    rgb: Vec<u8>,
) -> Result<Frame, ImageError> {
    if rgb.len() == width * height * 3 {
        Ok(Frame { width, height, rgb })
    } else {
        Err(damaged(name, format!("{} bytes for {width}x{height}", rgb.len())))
    }
}

fn damaged(name: &'static str, why: impl ToString) -> ImageError {
    ImageError::Damaged(name, why.to_string())
}
