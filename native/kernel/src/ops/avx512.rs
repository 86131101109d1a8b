use super::Scratch;
use crate::plan::{Bank, Head, Stem};
pub fn stem(_: &Stem, _: &mut [u8], _: usize, _: usize, _: &mut Scratch) { todo!() }
pub fn bank(_: &Bank, _: &mut [u8], _: usize, _: usize, _: &mut Scratch) { todo!() }
pub fn heads(_: &[Head], _: &[u8], _: &mut Scratch) { todo!() }
