use murmuration_kernel::image;
use murmuration_kernel::{CROP_BYTES, Frame as Picture};
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use crate::error::{Code, Fault, Out, Result, apart, border, length};

/// What a picture's header says.
#[napi(object)]
pub struct Header {
    pub format: String,
    pub width: u32,
    pub height: u32,
}

/// Read a picture's header only.
#[napi]
pub fn probe(bytes: &[u8]) -> Result<Header> {
    border(|| {
        let header = image::probe(bytes)?;
        Ok(Header {
            format: header.format.name().to_owned(),
            width: header.width as u32,
            height: header.height as u32,
        })
    })
}

/// Decode a JPEG or a PNG.
#[napi]
pub fn decode(bytes: &[u8]) -> Result<Frame> {
    border(|| Ok(Frame(Picture::decode(bytes)?)))
}

/// Decode a picture and cut its people out of it, in one call: no picture is left for the garbage
/// collector, which would not know how large it is.
#[napi]
pub fn cut(
    bytes: &[u8],
    width: u32,
    height: u32,
    channels: u32,
    regions: &[f64],
    out: Out<u8>,
) -> Result<()> {
    border(|| {
        apart(Code::CropInvalid, bytes, out)?;
        let people = regions.len() / 3;
        length(Code::CropInvalid, "regions", regions.len(), people * 3)?;
        length(Code::CropInvalid, "out", out.len(), people * CROP_BYTES)?;
        let picture = match channels {
            0 => Picture::decode(bytes)?,
            _ => Picture::from_raw(bytes, width as usize, height as usize, channels as usize)?,
        };
        for (region, crop) in regions.chunks_exact(3).zip(out.as_chunks_mut().0) {
            picture.crop(region[0], region[1], region[2], crop)?;
        }
        Ok(())
    })
}

/// A picture in memory.
#[napi]
pub struct Frame(Picture);

#[napi]
impl Frame {
    /// Take raw pixels, RGB or grey.
    #[napi(factory)]
    pub fn from_raw(bytes: &[u8], width: u32, height: u32, channels: u32) -> Result<Self> {
        border(|| {
            let size = (width as usize, height as usize);
            Ok(Self(Picture::from_raw(bytes, size.0, size.1, channels as usize)?))
        })
    }

    #[napi(getter)]
    pub fn width(&self) -> u32 {
        self.0.width() as u32
    }

    #[napi(getter)]
    pub fn height(&self) -> u32 {
        self.0.height() as u32
    }

    /// Cut a square into the caller's 128x128 RGB bytes.
    #[napi]
    pub fn crop(&self, x: f64, y: f64, side: f64, out: Out<u8>) -> Result<()> {
        border(|| {
            let got = out.len();
            let Ok(out) = <&mut [u8; CROP_BYTES]>::try_from(out) else {
                let message = format!("'out' has {got} bytes and must have {CROP_BYTES}");
                return Err(Fault::new(Code::CropInvalid, message));
            };
            Ok(self.0.crop(x, y, side, out)?)
        })
    }

    /// A copy of the RGB bytes.
    #[napi]
    pub fn data(&self) -> Uint8Array {
        Uint8Array::new(self.0.rgb().to_vec())
    }
}

/// Write RGB bytes as a JPEG.
#[napi]
pub fn encode_jpeg(rgb: &[u8], width: u32, height: u32, quality: u32) -> Result<Uint8Array> {
    border(|| {
        let quality = u8::try_from(quality).unwrap_or(100);
        let (width, height) = (width as usize, height as usize);
        Ok(Uint8Array::new(image::encode_jpeg(rgb, width, height, quality)?))
    })
}

/// Write RGB bytes as a PNG.
#[napi]
pub fn encode_png(rgb: &[u8], width: u32, height: u32) -> Result<Uint8Array> {
    border(|| Ok(Uint8Array::new(image::encode_png(rgb, width as usize, height as usize)?)))
}
