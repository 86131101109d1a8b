//! Which instruction set the kernel runs on: the best one there is, or the one that
//! `MURMURATION_SIMD` names. All give the same bytes.

use std::fmt;

/// Names one path; unset or empty picks the best.
pub const VARIABLE: &str = "MURMURATION_SIMD";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    /// Plain Rust, the reference. It also serves machines that are not x86-64: LLVM makes fair NEON
    /// of it, and nothing hand-written could be tested here.
    Scalar,
    /// 256 bits, no dot-product instruction.
    Avx2,
    /// 512 bits with VNNI (dot products) and VBMI (byte shuffles): Ice Lake, Zen 4 and later. A
    /// machine with AVX-512 but without these two takes the AVX2 path.
    Avx512,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SimdError {
    #[error("{VARIABLE} is '{0}'; set it to scalar, avx2 or avx512, or unset it")]
    Unknown(String),
    #[error("{VARIABLE} asks for {0}, which this machine lacks; unset it, or set it to scalar")]
    Unsupported(Path),
}

impl Path {
    pub const ALL: [Path; 3] = [Path::Scalar, Path::Avx2, Path::Avx512];

    pub fn name(self) -> &'static str {
        match self {
            Path::Scalar => "scalar",
            Path::Avx2 => "avx2",
            Path::Avx512 => "avx512",
        }
    }

    /// Whether this machine can run the path.
    pub fn supported(self) -> bool {
        match self {
            Path::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => is_x86_feature_detected!("avx2"),
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vnni")
                    && is_x86_feature_detected!("avx512vbmi")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    pub fn best() -> Path {
        Self::ALL.into_iter().rev().find(|path| path.supported()).unwrap_or(Path::Scalar)
    }

    /// The paths that this machine can run, for tests and benches.
    pub fn here() -> Vec<Path> {
        Self::ALL.into_iter().filter(|path| path.supported()).collect()
    }

    /// The path that a value of [`VARIABLE`] asks for.
    pub fn parse(value: Option<&str>) -> Result<Path, SimdError> {
        let path = match value {
            None | Some("") => return Ok(Self::best()),
            Some(name) => Self::ALL
                .into_iter()
                .find(|path| path.name() == name)
                .ok_or_else(|| SimdError::Unknown(name.to_owned()))?,
        };
        if path.supported() { Ok(path) } else { Err(SimdError::Unsupported(path)) }
    }

    pub fn from_env() -> Result<Path, SimdError> {
        let value = std::env::var_os(VARIABLE).map(|value| value.to_string_lossy().into_owned());
        Self::parse(value.as_deref())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Compile the body again for each instruction set, and call what `path` names.
macro_rules! each_path {
    ($(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $body:block) => {
        $(#[$doc])*
        $vis fn $name(path: $crate::Path, $($arg: $type),*) {
            #[inline(always)]
            fn body($($arg: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn avx2($($arg: $type),*) {
                body($($arg),*);
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi")]
            fn avx512($($arg: $type),*) {
                body($($arg),*);
            }

            match path {
                $crate::Path::Scalar => body($($arg),*),
                // SAFETY: a path is only ever chosen where the machine has its features.
                #[cfg(target_arch = "x86_64")]
                $crate::Path::Avx2 => unsafe { avx2($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::Path::Avx512 => unsafe { avx512($($arg),*) },
                #[cfg(not(target_arch = "x86_64"))]
                _ => body($($arg),*),
            }
        }
    };
}
pub(crate) use each_path;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picks_the_best_when_nothing_is_asked() {
        assert_eq!(Path::parse(None), Ok(Path::best()));
        assert_eq!(Path::parse(Some("")), Ok(Path::best()));
        assert_eq!(Path::parse(Some("scalar")), Ok(Path::Scalar));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let error = Path::parse(Some("sse9")).unwrap_err();
        assert_eq!(error, SimdError::Unknown("sse9".into()));
        assert!(error.to_string().contains("scalar, avx2 or avx512"));
    }
}
