//! A squad after all checks: what is here can be run without looking again.

use super::manifest::{Kind, OpName};
use crate::JOINTS;

/// Outputs of a region agent.
pub const OUTPUTS: usize = 8;
/// Sub-pixel logits of a joint agent.
pub const LOGITS: usize = 4;

#[derive(Clone, Debug)]
pub struct Squad {
    pub id: String,
    pub slots: Vec<Slot>,
    pub steps: Vec<Step>,
    pub agents: Vec<Agent>,
    /// Multiply-adds of one look.
    pub multiply_adds: usize,
}

/// A stack of square planes. Slot 0 is the crop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub name: String,
    pub size: usize,
    pub planes: usize,
}

impl Slot {
    pub fn bytes(&self) -> usize {
        self.size * self.size * self.planes
    }
}

/// What is told about an agent.
#[derive(Clone, Debug)]
pub struct Agent {
    pub id: String,
    pub kind: Kind,
    pub joint: Option<usize>,
    pub region: Option<String>,
    pub parameters: usize,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub op: OpName,
    /// Slots whose planes are concatenated.
    pub inputs: Vec<usize>,
    /// The slot written; the heads write the belief, which is none.
    pub out: Option<usize>,
    pub work: Work,
}

#[derive(Clone, Debug)]
pub enum Work {
    Patch,
    Depth,
    Up,
    Stem(Vec<StemAgent>),
    Bank(Vec<BankAgent>),
    Heads { agents: Vec<HeadAgent>, sharpness: [i64; JOINTS] },
}

/// A 1x1 over patches, rescaled.
#[derive(Clone, Debug)]
pub struct StemAgent {
    pub inputs: Vec<usize>,
    /// `[8][n]`
    pub w1: Vec<i8>,
    pub b: [i32; OUTPUTS],
    pub s2: [u8; OUTPUTS],
    pub m: [i16; OUTPUTS],
}

/// A 1x1, then a 3x3 for each of its planes.
#[derive(Clone, Debug)]
pub struct BankAgent {
    pub inputs: Vec<usize>,
    /// `[8][n]`
    pub w1: Vec<i8>,
    pub s1: [u8; OUTPUTS],
    pub w3: [[i8; 9]; OUTPUTS],
    pub b: [i32; OUTPUTS],
    /// The residual's factors, all 0 where there is none.
    pub r: [i16; OUTPUTS],
    /// The residual's first plane among the inputs.
    pub residual: Option<usize>,
    pub s2: [u8; OUTPUTS],
    pub m: [i16; OUTPUTS],
}

/// A 1x1 to four logits.
#[derive(Clone, Debug)]
pub struct HeadAgent {
    pub joint: usize,
    pub inputs: Vec<usize>,
    /// `[4][n]`
    pub w1: Vec<i8>,
    pub b: [i32; LOGITS],
}
