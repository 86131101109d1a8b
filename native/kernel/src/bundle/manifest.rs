//! The manifest as it is written. Fields that are not known are passed over: `format` says what the
//! arithmetic is, the rest is for people.

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
pub struct Manifest {
    pub format: String,
    pub name: String,
    pub licence: String,
    pub weights: WeightsFile,
    pub crop: CropShape,
    pub joints: Vec<String>,
    pub squads: Vec<SquadEntry>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct WeightsFile {
    pub file: String,
    pub bytes: usize,
    pub sha256: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct CropShape {
    pub width: usize,
    pub height: usize,
    pub channels: usize,
}

#[derive(Clone, Debug, Deserialize)]
pub struct SquadEntry {
    pub id: String,
    pub plan: Vec<OpEntry>,
    pub agents: Vec<AgentEntry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OpName {
    Patch,
    Stem,
    Depth,
    Up,
    Bank,
    Heads,
}

#[derive(Clone, Debug, Deserialize)]
pub struct OpEntry {
    pub op: OpName,
    #[serde(rename = "in")]
    pub inputs: Vec<String>,
    pub out: String,
    pub agents: Option<Vec<usize>>,
    pub residual: Option<bool>,
    pub sharpness: Option<Vec<i64>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Coordinator,
    Region,
    Joint,
    Validator,
    Refiner,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Coordinator => "coordinator",
            Kind::Region => "region",
            Kind::Joint => "joint",
            Kind::Validator => "validator",
            Kind::Refiner => "refiner",
        }
    }

    /// The most parameters an agent of this kind may have.
    pub fn limit(self) -> usize {
        match self {
            Kind::Coordinator | Kind::Region => 512,
            Kind::Joint => 128,
            Kind::Validator | Kind::Refiner => 64,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
pub struct AgentEntry {
    pub id: String,
    pub kind: Kind,
    pub parameters: usize,
    pub inputs: Vec<usize>,
    pub joint: Option<usize>,
    pub region: Option<String>,
}
