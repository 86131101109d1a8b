//! Why a bundle is refused.

/// The kind of fault, one for each check in `docs/reference/bundle.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A file is larger than a bundle may be.
    TooLarge,
    /// A file is not what it says it is.
    Malformed,
    /// Another format, crop or list of joints than this kernel's.
    Format,
    /// The weights are not those that the manifest names.
    Hash,
    /// A tensor is missing, left over, or of another type or shape.
    Tensor,
    /// A value is out of range.
    Range,
    /// A slot is read before it is written, or written twice.
    Slot,
    /// Sizes do not fit an operation.
    Size,
    /// An index lies outside its operation's input.
    Index,
    /// An agent is used twice, not at all, or by an operation of another kind.
    Agent,
    /// An id is used twice or is not one.
    Id,
    /// More of something than a bundle may have.
    Limit,
    /// A joint has no agent.
    Joint,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bundle is refused: {at}: {reason}")]
pub struct BundleError {
    pub fault: Fault,
    /// Which file, squad, operation, agent or tensor.
    pub at: String,
    pub reason: String,
}

pub type Result<T> = std::result::Result<T, BundleError>;

/// Refuse, saying where and why.
pub fn refuse<T>(fault: Fault, at: impl Into<String>, reason: impl Into<String>) -> Result<T> {
    Err(BundleError { fault, at: at.into(), reason: reason.into() })
}

/// Refuse unless `holds`.
pub fn ensure(holds: bool, fault: Fault, at: &str, reason: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { refuse(fault, at, reason()) }
}
