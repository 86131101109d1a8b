//! A squad made ready to run: names resolved to offsets, weights laid out for the path in use.

mod arena;
mod mix;
mod pack;

pub use arena::{Arena, Bytes64, aligned};
pub use mix::Mix;
pub use pack::{Bank, Head, Stem, Taps};

use crate::bundle::{OpName, Squad, Work};
use crate::{CROP, JOINTS, Path};

/// Planes of the patches, and their side.
pub const PATCHES: usize = 27;
pub const PATCH_SIZE: usize = CROP / 2;

/// What is the same for every squad of a host, at the arena's start: the patches, cut once a look,
/// and behind them the crop's own planes, split only where an operation reads them.
pub const PATCH_AT: usize = 0;
pub const CROP_AT: usize = PATCHES * PATCH_SIZE * PATCH_SIZE;
pub const SQUAD_AT: usize = CROP_AT + 3 * CROP * CROP;

pub struct Plan {
    pub id: String,
    pub runs: Vec<Run>,
    /// Bytes of the arena that it needs.
    pub bytes: usize,
    pub reads_patch: bool,
    pub reads_crop: bool,
}

/// One operation. Every offset counts bytes from the arena's start and lies inside it.
pub enum Run {
    Depth { inputs: Vec<u32>, size: usize, out: usize },
    Up { inputs: Vec<u32>, size: usize, out: usize },
    Stem { agents: Vec<Stem>, size: usize, out: usize },
    Bank { agents: Vec<Bank>, size: usize, out: usize },
    Heads { joints: Vec<Vec<Head>>, sharpness: [i64; JOINTS] },
}

impl Plan {
    pub fn new(squad: &Squad, path: Path) -> Plan {
        let mut at = vec![CROP_AT];
        let mut end = SQUAD_AT;
        // Slots were made in the order of the steps that write them.
        for step in squad.steps.iter().filter(|step| step.out.is_some()) {
            let slot = &squad.slots[at.len()];
            if step.op == OpName::Patch {
                at.push(PATCH_AT);
            } else {
                at.push(end);
                end += slot.bytes().next_multiple_of(64);
            }
        }
        let planes = |inputs: &[usize]| -> Vec<u32> {
            let slots = inputs.iter().map(|&i| (at[i], &squad.slots[i]));
            slots
                .flat_map(|(at, slot)| {
                    let cells = slot.size * slot.size;
                    (0..slot.planes).map(move |plane| (at + plane * cells) as u32)
                })
                .collect()
        };
        let runs = squad.steps.iter().filter_map(|step| {
            let inputs = planes(&step.inputs);
            let size = squad.slots[step.inputs[0]].size;
            let out = step.out.map_or(0, |slot| at[slot]);
            Some(match &step.work {
                Work::Patch => return None,
                Work::Depth => Run::Depth { inputs, size, out },
                Work::Up => Run::Up { inputs, size, out },
                Work::Stem(agents) => {
                    let agents = agents.iter().map(|agent| Stem::new(agent, &inputs, path));
                    Run::Stem { agents: agents.collect(), size, out }
                }
                Work::Bank(agents) => {
                    let agents = agents.iter().map(|agent| Bank::new(agent, &inputs, path));
                    Run::Bank { agents: agents.collect(), size, out }
                }
                Work::Heads { agents, sharpness } => {
                    let mut joints: Vec<Vec<Head>> = (0..JOINTS).map(|_| Vec::new()).collect();
                    for agent in agents {
                        joints[agent.joint].push(Head::new(agent, &inputs, path));
                    }
                    Run::Heads { joints, sharpness: *sharpness }
                }
            })
        });
        let reads = |slot: usize| {
            squad.steps.iter().any(|s| s.op != OpName::Patch && s.inputs.contains(&slot))
        };
        Plan {
            id: squad.id.clone(),
            runs: runs.collect(),
            bytes: end,
            reads_patch: squad.steps.iter().any(|step| step.op == OpName::Patch),
            reads_crop: reads(0),
        }
    }
}
