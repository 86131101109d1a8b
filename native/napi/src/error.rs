//! Errors as JavaScript sees them: an `Error` with a `code` and a message that says what to do.

use std::panic::{AssertUnwindSafe, catch_unwind};

use murmuration_kernel::fuse::FuseError;
use murmuration_kernel::simd::SimdError;
use murmuration_kernel::swarm::SwarmError;
use murmuration_kernel::{BundleError, ImageError};

/// The codes, all of which are in the catalogue of `packages/protocol`.
#[derive(Clone, Copy, Debug)]
pub enum Code {
    SimdUnsupported,
    ImageTooLarge,
    ImageInvalid,
    CropInvalid,
    BundleInvalid,
    SquadUnknown,
    VoteInvalid,
    Internal,
}

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        match self {
            Code::SimdUnsupported => "SIMD_UNSUPPORTED",
            Code::ImageTooLarge => "IMAGE_TOO_LARGE",
            Code::ImageInvalid => "IMAGE_INVALID",
            Code::CropInvalid => "CROP_INVALID",
            Code::BundleInvalid => "BUNDLE_INVALID",
            Code::SquadUnknown => "SQUAD_UNKNOWN",
            Code::VoteInvalid => "VOTE_INVALID",
            Code::Internal => "INTERNAL",
        }
    }
}

/// The kernel's errors on their way out. One type, so that `?` turns each of them.
pub struct Fault(Code, String);

impl Fault {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(code, message.into())
    }
}

impl From<ImageError> for Fault {
    fn from(error: ImageError) -> Self {
        let code = match &error {
            error if error.is_too_large() => Code::ImageTooLarge,
            ImageError::Region { .. } => Code::CropInvalid,
            _ => Code::ImageInvalid,
        };
        Self::new(code, error.to_string())
    }
}

impl From<BundleError> for Fault {
    fn from(error: BundleError) -> Self {
        Self::new(Code::BundleInvalid, format!("{error}; export it again or fetch a good copy"))
    }
}

impl From<SimdError> for Fault {
    fn from(error: SimdError) -> Self {
        Self::new(Code::SimdUnsupported, error.to_string())
    }
}

impl From<SwarmError> for Fault {
    fn from(error: SwarmError) -> Self {
        Self::new(Code::SquadUnknown, error.to_string())
    }
}

impl From<FuseError> for Fault {
    fn from(error: FuseError) -> Self {
        Self::new(Code::VoteInvalid, error.to_string())
    }
}

pub type Result<T> = napi::Result<T, Code>;

/// Run what is behind the border. A panic there is our bug; it becomes an error, because unwinding
/// into Node would end the process, and with it a host's other work.
pub fn border<T>(run: impl FnOnce() -> std::result::Result<T, Fault>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Fault(code, message))) => Err(napi::Error::new(code, message)),
        Err(panic) => {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            let message = format!("the kernel failed ({text}); this is a bug, please report it");
            Err(napi::Error::new(Code::Internal, message))
        }
    }
}

/// Refuse an array of another length than it must have.
pub fn length(code: Code, name: &str, got: usize, want: usize) -> std::result::Result<(), Fault> {
    if got == want {
        return Ok(());
    }
    Err(Fault::new(code, format!("'{name}' has {got} elements and must have {want}")))
}

/// Refuse an output that shares memory with an input.
pub fn apart<A, B>(code: Code, input: &[A], output: &[B]) -> std::result::Result<(), Fault> {
    let (input, output) = (input.as_ptr_range(), output.as_ptr_range());
    let apart = input.end.cast::<u8>() <= output.start.cast::<u8>()
        || output.end.cast::<u8>() <= input.start.cast::<u8>();
    if apart {
        return Ok(());
    }
    Err(Fault::new(code, "an output array shares memory with an input; copy one"))
}

/// An array of the caller's that is written to. An alias, because the macro takes a plain `&mut` for
/// one of its own classes.
pub type Out<'a, T> = &'a mut [T];
