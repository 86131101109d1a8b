//! Bundles: a manifest and its weights, refused with a reason or trusted from here on.

mod agents;
mod error;
pub mod limits;
mod manifest;
mod plan_check;
mod squad;
mod tensors;

use std::collections::HashSet;
use std::fmt::Write;

use sha2::{Digest, Sha256};

pub use error::{BundleError, Fault};
pub use manifest::{Kind, OpName};
pub use squad::{Agent, BankAgent, HeadAgent, LOGITS, OUTPUTS, Slot, Squad, StemAgent, Step, Work};

use error::{Result, ensure};
use manifest::{CropShape, Manifest};
use tensors::Tensors;

#[derive(Clone, Debug)]
pub struct Bundle {
    /// For people.
    pub name: String,
    pub licence: String,
    /// The bundle's name on the bus: SHA-256 of the manifest.
    pub hash: String,
    pub squads: Vec<Squad>,
}

impl Bundle {
    /// Make every check of `docs/reference/bundle.md`.
    pub fn load(manifest: &[u8], weights: &[u8]) -> Result<Bundle> {
        let too_large = |bytes: usize, most: usize| format!("{bytes} bytes, at most {most}");
        ensure(manifest.len() <= limits::MANIFEST_BYTES, Fault::TooLarge, "manifest", || {
            too_large(manifest.len(), limits::MANIFEST_BYTES)
        })?;
        ensure(weights.len() <= limits::WEIGHTS_BYTES, Fault::TooLarge, "weights", || {
            too_large(weights.len(), limits::WEIGHTS_BYTES)
        })?;
        let parsed = parse(manifest)?;
        check_header(&parsed)?;
        check_weights_file(&parsed, weights)?;
        check_counts(&parsed)?;

        let mut tensors = Tensors::parse(weights)?;
        let mut ids = HashSet::new();
        let squads = parsed
            .squads
            .iter()
            .map(|entry| plan_check::squad(entry, &mut tensors, &mut ids))
            .collect::<Result<Vec<_>>>()?;
        tensors.finish()?;
        Ok(Bundle { name: parsed.name, licence: parsed.licence, hash: hex(manifest), squads })
    }

    pub fn squad(&self, id: &str) -> Option<&Squad> {
        self.squads.iter().find(|squad| squad.id == id)
    }
}

/// The format is looked at first, so that a bundle of another one is called that, not malformed.
fn parse(manifest: &[u8]) -> Result<Manifest> {
    #[derive(serde::Deserialize)]
    struct Head {
        format: String,
    }
    let malformed = |error: serde_json::Error| BundleError {
        fault: Fault::Malformed,
        at: "manifest".into(),
        reason: error.to_string(),
    };
    let head: Head = serde_json::from_slice(manifest).map_err(malformed)?;
    ensure(head.format == limits::FORMAT, Fault::Format, "manifest", || {
        format!("its format is '{}', this kernel reads '{}'", head.format, limits::FORMAT)
    })?;
    serde_json::from_slice(manifest).map_err(malformed)
}

fn check_header(manifest: &Manifest) -> Result<()> {
    let crop = CropShape { width: crate::CROP, height: crate::CROP, channels: 3 };
    ensure(manifest.format == limits::FORMAT, Fault::Format, "manifest", || {
        format!("another format: '{}'", manifest.format)
    })?;
    ensure(manifest.crop == crop, Fault::Format, "crop", || {
        format!("{:?}, this kernel takes {crop:?}", manifest.crop)
    })?;
    ensure(manifest.joints == limits::JOINT_NAMES, Fault::Format, "joints", || {
        "not the 17 joints of COCO in their order".into()
    })
}

fn check_weights_file(manifest: &Manifest, weights: &[u8]) -> Result<()> {
    let file = &manifest.weights;
    ensure(file.file == limits::WEIGHTS_FILE, Fault::Malformed, "weights", || {
        format!("the file is named '{}', must be '{}'", file.file, limits::WEIGHTS_FILE)
    })?;
    ensure(file.bytes == weights.len(), Fault::Hash, "weights", || {
        format!("{} bytes where the manifest says {}", weights.len(), file.bytes)
    })?;
    let hash = hex(weights);
    ensure(file.sha256 == hash, Fault::Hash, "weights", || {
        format!("SHA-256 {hash} where the manifest says {}", file.sha256)
    })
}

fn check_counts(manifest: &Manifest) -> Result<()> {
    let squads = manifest.squads.len();
    ensure((1..=limits::SQUADS).contains(&squads), Fault::Limit, "squads", || {
        format!("{squads} squads, must be 1 to {}", limits::SQUADS)
    })?;
    let agents: usize = manifest.squads.iter().map(|squad| squad.agents.len()).sum();
    ensure(agents <= limits::AGENTS, Fault::Limit, "squads", || {
        format!("{agents} agents in all, at most {}", limits::AGENTS)
    })?;
    let mut ids = HashSet::new();
    for squad in &manifest.squads {
        let id = &squad.id;
        let good = (1..=16).contains(&id.len())
            && id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        ensure(good, Fault::Id, "squads", || format!("'{id}' is not a squad's id"))?;
        ensure(ids.insert(id), Fault::Id, "squads", || format!("the id '{id}' is used twice"))?;
        let ops = squad.plan.len();
        ensure(ops <= limits::OPS, Fault::Limit, id, || {
            format!("{ops} operations, at most {}", limits::OPS)
        })?;
    }
    Ok(())
}

/// SHA-256 in hex.
pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}
