pub use super::scalar::{bank, heads, stem};
