use murmuration_kernel::Path;
use napi_derive::napi;

use crate::error::{Result, border};

/// The kernel's version.
#[napi]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// The path in use: scalar, avx2 or avx512.
#[napi]
pub fn simd() -> Result<String> {
    border(|| Ok(Path::from_env()?.name().to_owned()))
}
